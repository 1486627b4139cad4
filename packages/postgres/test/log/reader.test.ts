// Reads of many channels in one turn: few queries, and each page is what it would be alone.
import { type PageLimit, START } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { Reader } from '../../src/log/reader.js'
import { rotateAll } from '../housekeeping/rotating.js'
import { scene } from '../housekeeping/scene.js'

const db = scene()
const everything: PageLimit = { messages: Infinity, bytes: Infinity }
const bodyOf = (size: number) => JSON.stringify('x'.repeat(size - 2))

/** A reader that counts its queries. */
function counting() {
  const asked: string[] = []
  const reader = new Reader('"chan"', (text, values) => {
    asked.push(text)
    return db.query(text, values)
  })
  return { reader, asked }
}

test('a hundred reads with a hundred limits are four queries, and each page keeps to its own', async () => {
  const { reader, asked } = counting()
  // Sizes and counts that differ from channel to channel.
  const channels = Array.from({ length: 100 }, (_, n) => ({
    channel: `c${n}`,
    sizes: Array.from({ length: n % 13 }, (_, at) => 10 + ((n * 7 + at * 31) % 90)),
    after: n % 4,
    limit: {
      messages: [1, 3, 7, Infinity][n % 4] as number,
      bytes: [Infinity, 1, 60, 150, 400][n % 5] as number,
    },
  }))
  await db.append(
    channels.flatMap(({ channel, sizes }) =>
      sizes.map((size) => ({ channel, body: bodyOf(size) })),
    ),
  )
  const standings = await reader.standings(channels.map(({ channel }) => channel))
  asked.length = 0

  const pages = await Promise.all(
    channels.map(({ channel, after, limit }, n) => {
      const { epoch = '' } = standings[n]?.top ?? {}
      return reader.read(channel, after === 0 ? START : { epoch, offset: after }, limit)
    }),
  )
  expect(asked).toHaveLength(4)
  for (const [n, { sizes, after, limit }] of channels.entries()) {
    const page = pages[n]
    const truncated = after > sizes.length
    const wanted: number[] = []
    for (let at = after, size = 0; at < sizes.length; at++) {
      const full = wanted.length >= limit.messages || size >= limit.bytes
      if (full && wanted.length > 0) break
      wanted.push(at + 1)
      size += sizes[at] as number
    }
    const offsets = page?.messages.map(({ offset }) => offset)
    expect([n, offsets, page?.truncated]).toEqual([n, wanted, truncated])
    expect([page?.top.offset, page?.floor]).toEqual([sizes.length, 0])
  }
})

test('no page is larger than about a mebibyte, whatever was asked for', async () => {
  const { reader } = counting()
  await db.append(Array.from({ length: 8 }, () => ({ channel: 'large', body: bodyOf(400_000) })))
  const first = await reader.read('large', START, everything)
  expect([first.messages.length, first.top.offset]).toEqual([3, 8])
  const next = await reader.read('large', { ...first.top, offset: 3 }, everything)
  expect(next.messages.map(({ offset }) => offset)).toEqual([4, 5, 6])
})

test('the floor of a channel stays when its slot is emptied', async () => {
  const { reader } = counting()
  const messages = Array.from({ length: 9 }, (_, n) => ({ channel: 'cleared', body: `${n}` }))
  await db.append(messages.slice(0, 6))
  await db.query(`select chan.clear_history('cleared')`)
  await db.append(messages.slice(6))
  const before = await reader.read('cleared', START, everything)
  expect([before.messages.length, before.floor, before.truncated]).toEqual([9, 6, false])
  await rotateAll(db)
  const after = await reader.read('cleared', START, everything)
  expect(after).toEqual({ messages: [], top: before.top, floor: 6, truncated: true })
  const kept = await reader.read('cleared', { ...before.top, offset: 6 }, everything)
  expect([kept.messages.length, kept.floor]).toEqual([3, 6])
})
