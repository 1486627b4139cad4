// N1–N3, N5: what a reader on a channel gets, in which order, and how fast.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { InMemoryBus } from '../src/index.js'
import { attached, open, turn, upTo } from './attached.js'

describe('N1 stored messages in order, each once', () => {
  test('history at the reader’s pace, then what was published meanwhile, without hole or double', async () => {
    const { publish, attach } = open()
    await publish(45)
    const { begin, seen, takes, live, resets } = attach()
    takes(0)
    await begin(30)
    for (let n = 0; n < 20; n++) {
      await publish(5)
      takes(7)
      await turn()
    }
    takes(Number.POSITIVE_INFINITY)
    await live()
    await publish(5)
    expect(seen).toEqual(upTo(150, 16))
    expect(resets).toEqual([])
  })

  test('whatever others do: crowds that come, stall, go back and leave, on two layers of a bus', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = generator(seed)
      const whole = (most: number) => Math.floor(random() * (most + 1))
      const bus = new InMemoryBus()
      const processes = [open({ bus }), open({ bus })]
      const crowd: ReturnType<typeof attached>[] = []
      const published: Promise<unknown>[] = []
      for (let n = 0; n < 120; n++) {
        const one = processes[whole(1)] as (typeof processes)[0]
        published.push(one.publish(whole(6)))
        if (random() < 0.2) {
          const reader = attached(one.chat, whole(20))
          crowd.push(reader)
          void reader.begin(random() < 0.5 ? Infinity : whole(60))
        }
        for (const { takes, attachment, seen, at } of crowd) {
          if (random() < 0.3) takes(whole(30))
          const last = seen.at(-1) as number | undefined
          // As a socket would: what it was sent last goes once more.
          if (last !== undefined && random() < 0.05) {
            const back = whole(Math.min(last, 5))
            seen.splice(seen.findLastIndex((offset) => (offset as number) <= last - back) + 1)
            attachment.rewind(at(last - back))
          }
        }
        if (random() < 0.5) await turn()
      }
      await Promise.all(published)
      const top = (await processes[0]?.chat.publish('last'))?.offset as number
      for (const { takes } of crowd) takes(Number.POSITIVE_INFINITY)
      for (const [index, { seen, resets, live }] of crowd.entries()) {
        await live()
        const first = seen[0] as number
        expect(seen, `reader ${index} of seed ${seed}`).toEqual(upTo(top, first))
        expect(resets).toEqual([])
      }
    }
  })
})

test('N2 a reader that stayed away longer than the log reaches is told, with how much is missing', async () => {
  const { publish, attach } = open({ defaultHistorySize: 5, recoveryBytes: 2_600 })
  await publish(3)
  const { begin, seen, takes, live, resets, state } = attach()
  takes(1)
  await begin(Infinity)
  await waitFor(() => seen.length === 1, { label: 'the first' })
  await publish(30)
  takes(Number.POSITIVE_INFINITY)
  await live()
  // The page that it had was its own.
  expect(seen).toEqual(upTo(3))
  expect(resets).toEqual([{ position: { epoch: state.epoch, offset: 33 }, missed: 30 }])
  await publish(1)
  expect(seen.at(-1)).toBe(34)
})

describe('N3 room', () => {
  test('is asked before what is read, never of what is live', async () => {
    const { publish, attach } = open()
    await publish(5)
    const { begin, seen, state, attachment } = attach()
    await begin(Infinity)
    await attachment.replayed
    expect([seen, state.asked]).toEqual([upTo(5), 6])
    await publish(5)
    expect([seen, state.asked]).toEqual([upTo(10), 6])
  })

  test('while it is pending, ephemeral messages are left out', async () => {
    const { chat, publish, attach } = open()
    await publish(3)
    const { begin, seen, takes, live } = attach()
    takes(1)
    await begin(Infinity)
    await waitFor(() => seen.length === 1, { label: 'the first' })
    await chat.publish('typing', { ephemeral: true })
    takes(100)
    await live()
    expect(seen).toEqual(upTo(3))
    await chat.publish('typing', { ephemeral: true })
    expect(seen.at(-1)).toBe('typing')
  })

  test('bounds what is read at once, too', async () => {
    const { publish, attach } = open()
    await publish(100)
    const { begin, seen, takes, live, reader } = attach()
    Object.assign(reader.pageLimit, { messages: 3 })
    takes(3)
    await begin(Infinity)
    await waitFor(() => seen.length === 3, { label: 'the first page' })
    takes(Number.POSITIVE_INFINITY)
    await live()
    expect(seen).toEqual(upTo(100))
  })
})

describe('N5 rewind', () => {
  test('delivers again what follows the position, then what comes', async () => {
    const { publish, attach } = open()
    const { begin, seen, attachment, live, at } = attach()
    await begin()
    await publish(20)
    attachment.rewind(at(15))
    expect(attachment.live).toBe(false)
    await publish(1)
    await live()
    await publish(1)
    expect(seen).toEqual([...upTo(20), ...upTo(22, 16)])
  })

  test('past what the log keeps is a reset', async () => {
    const { publish, attach } = open({ defaultHistorySize: 5, recoveryBytes: 2_600 })
    const { begin, attachment, live, at, resets, takes, seen } = attach()
    await begin()
    await publish(2)
    takes(0)
    attachment.rewind(at(1))
    await publish(30)
    takes(Number.POSITIVE_INFINITY)
    await live()
    expect(resets).toEqual([{ position: at(32), missed: 31 }])
    expect(seen).toEqual([1, 2])
  })

  test('before the beginning and after the end does nothing', async () => {
    const { publish, attach } = open()
    await publish(3)
    const { begin, attachment, seen, at } = attach()
    attachment.rewind({ epoch: '', offset: 0 })
    await begin()
    await publish(1)
    await attachment.end()
    attachment.rewind(at(1))
    await turn()
    expect(seen).toEqual([4])
  })
})

function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
