// A reader that is too slow goes back to where it was, and gets everything from there once more.

import { type Message, type Position, START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import type { FeedSource } from '../src/hub/feed.js'
import { Subscriber } from '../src/hub/subscriber.js'
import type { ResetEvent } from '../src/model/reset-event.js'
import { ManualClock } from '../src/testing/index.js'
import { generator, makeLog, pacedReader, turn, upTo } from './feed-scene.js'

const at = (offset: number): Position => ({ epoch: 'e1', offset })

/** A channel with one subscriber, which has room for everything until told otherwise. */
function scene() {
  const made = makeLog()
  const pace = pacedReader()
  const source = {
    ...{ name: 'c', clock: new ManualClock(), position: START as Position },
    read: (after, limit) => ({ page: made.read(after, limit), fresh: true }),
    run: (task) => task(),
    failed: (error) => {
      throw error
    },
  } satisfies FeedSource as FeedSource & { position: Position }
  /** What the subscriber does beside taking the message. */
  const hooks = { delivered: (_: Message) => {} }
  const kind = {
    callback: (entry: Message) => {
      pace.reader.deliver(entry)
      hooks.delivered(entry)
    },
    onReset: (event: ResetEvent) => pace.reader.reset(event),
  }
  const subscriber = new Subscriber(kind, { userId: null, reader: pace.reader }, source)
  pace.takes(Number.POSITIVE_INFINITY)
  let top = 0
  const publish = (count = 1) => {
    for (let n = 0; n < count; n++) {
      const entry = made.append(++top)
      source.position = at(top)
      subscriber.accept(entry)
    }
  }
  const live = () => waitFor(() => subscriber.live, { label: 'live', intervalMs: 0 })
  return { ...made, ...pace, source, hooks, subscriber, publish, live }
}

describe('rewind', () => {
  test('delivers again what follows the position, then what is published', async () => {
    const { subscriber, publish, seen, live } = scene()
    publish(5)
    subscriber.rewind(at(2))
    expect(subscriber.live).toBe(false)
    publish(2)
    await live()
    // Beside the others, it keeps nothing of its own.
    expect(subscriber.ownPosition).toBeUndefined()
    publish(1)
    expect(seen).toEqual([...upTo(5), ...upTo(8, 3)])
  })

  test('goes at the reader’s pace, and keeps nothing of what comes meanwhile', async () => {
    const { subscriber, publish, seen, live, takes, control } = scene()
    publish(3)
    takes(0)
    subscriber.rewind(at(1))
    publish(30)
    await turn()
    expect([seen, control.reads]).toEqual([upTo(3), 0])
    takes(Number.POSITIVE_INFINITY)
    await live()
    expect(seen.slice(3)).toEqual(upTo(33, 2))
  })

  test('again, while it is on its way: the earlier one is given up', async () => {
    const { subscriber, publish, seen, live, takes } = scene()
    publish(20)
    takes(0)
    subscriber.rewind(at(2))
    takes(5)
    await waitFor(() => seen.length === 25, { label: 'five' })
    subscriber.rewind(at(4))
    takes(Number.POSITIVE_INFINITY)
    await live()
    expect(seen.slice(20)).toEqual([...upTo(7, 3), ...upTo(20, 5)])
  })

  test('within a delivery: of a live message, of one that is read, of the first after reading', async () => {
    const { subscriber, publish, seen, live, hooks, source } = scene()
    publish(3)
    let rewound = 0
    hooks.delivered = ({ offset = 0 }) => {
      if (offset <= rewound) return
      rewound = offset
      subscriber.rewind(at(offset - 1))
    }
    for (let n = 0; n < 4; n++) {
      publish(1)
      await live()
      expect(subscriber.ownPosition ?? source.position, `after ${n}`).toEqual(at(4 + n))
    }
    hooks.delivered = () => {}
    publish(2)
    expect(seen.slice(3)).toEqual([4, 4, 5, 5, 6, 6, 7, 7, 8, 9])
  })

  test('past what the log keeps is a reset that counts', async () => {
    const { subscriber, publish, seen, resets, log, live } = scene()
    publish(9)
    log.splice(0, 5)
    subscriber.rewind(at(2))
    await live()
    expect(resets).toEqual([{ position: at(9), missed: 7 }])
    publish(1)
    expect(seen.slice(9)).toEqual([10])
  })

  test('of a subscriber that has ended delivers nothing', async () => {
    const { subscriber, publish, seen, takes } = scene()
    publish(3)
    takes(0)
    subscriber.rewind(at(1))
    subscriber.end()
    takes(100)
    await turn()
    expect(seen).toEqual(upTo(3))
  })

  test('a peer that loses what it was sent, again and again, still gets all of it in order', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { subscriber, publish, seen, resets, takes, hooks, live } = scene()
      const random = generator(seed)
      // As a socket would: what does not fit is lost, with all after it, until it is read again.
      const kept: number[] = []
      hooks.delivered = ({ offset = 0 }) => {
        if (offset !== kept.length + 1) return
        if (random() < 0.9) kept.push(offset)
        else subscriber.rewind(at(offset - 1))
      }
      for (let n = 0; n < 100; n++) {
        publish(1 + Math.floor(random() * 3))
        if (random() < 0.3) takes(Math.floor(random() * 20))
        if (random() < 0.3) await turn()
      }
      takes(Number.POSITIVE_INFINITY)
      await live()
      await waitFor(() => subscriber.live && kept.length === Math.max(...(seen as number[])), {
        label: `everything kept with seed ${seed}`,
        intervalMs: 0,
      })
      expect(kept, `seed ${seed}`).toEqual(upTo(kept.length))
      expect(resets).toEqual([])
    }
  })
})

describe('what history was promised', () => {
  test('is delivered only when it was, also if the reader was rewound on its way', async () => {
    const { subscriber, publish, seen, history, takes, reader } = scene()
    publish(8)
    seen.length = 0
    takes(3)
    let replayed = false
    const page = () => ({ page: history(at(8), reader.pageLimit), fresh: true })
    void subscriber.replay(at(8), page).then(() => (replayed = true))
    await waitFor(() => seen.length === 3, { label: 'the first three' })
    subscriber.rewind(at(2))
    await turn()
    expect(replayed).toBe(false)
    takes(Number.POSITIVE_INFINITY)
    await waitFor(() => replayed, { label: 'replayed' })
    expect(seen).toEqual([1, 2, 3, ...upTo(8, 3)])
  })
})
