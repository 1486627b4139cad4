import { describe, expect, it } from 'vitest'
import { serverFrame } from '../../src/sockets/baselines/server-frame.js'
import { FrameReader } from '../../src/sockets/client/frame-reader.js'

const TEXT = 1
const PING = 9

/** Around all the places where the length is written in another way. */
const LENGTHS = [0, 1, 125, 126, 127, 130, 65_535, 65_536, 70_000]

interface Seen {
  readonly opcode: number
  readonly length: number
  readonly payload: string | undefined
}

/** What the reader makes of bytes that come in chunks of these sizes, by turns. */
function read(
  bytes: Buffer,
  sizes: readonly number[],
  wanted = (length: number) => (length < 200 ? length : 0),
) {
  const seen: Seen[] = []
  const reader = new FrameReader({
    wants: (_, length) => wanted(length),
    frame: (opcode, length, payload) =>
      seen.push({ opcode, length, payload: payload?.toString('latin1') }),
  })
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.min(sizes[turn % sizes.length] ?? 1, bytes.length - at)
    // Each at another place of a buffer that is used again for the next one.
    const shared = Buffer.alloc(size + 3, 0xff)
    bytes.copy(shared, 2, at, at + size)
    reader.push(shared, 2, 2 + size)
    shared.fill(0xee)
    at += size
  }
  return seen
}

function textOf(length: number): string {
  return 'abcdefghij'.repeat(length / 10 + 1).slice(0, length)
}

describe('frames of a server', () => {
  const bytes = Buffer.concat([
    ...LENGTHS.map((length) => serverFrame(textOf(length))),
    Buffer.from([0x80 | PING, 2, 0x68, 0x69]),
    ...LENGTHS.map((length) => serverFrame(textOf(length))),
  ])
  const texts = LENGTHS.map((length) => ({
    opcode: TEXT,
    length,
    payload: length > 0 && length < 200 ? textOf(length) : undefined,
  }))
  const expected = [...texts, { opcode: PING, length: 2, payload: 'hi' }, ...texts]

  it.each([[[1]], [[2]], [[3, 1, 4, 1, 5]], [[127, 128]], [[65_536]], [[1_000_000]]])(
    'are found in chunks of %j bytes',
    (sizes) => {
      expect(read(bytes, sizes)).toEqual(expected)
    },
  )

  it('are kept whole where they are wanted, however they come', () => {
    const [only] = read(serverFrame(textOf(70_000)), [999], (length) => length)
    expect(only?.payload).toBe(textOf(70_000))
  })

  it.each([[[1]], [[7]], [[999]], [[69_990, 1, 1]], [[1_000_000]]])(
    'are kept to their ends alone where these are wanted, in chunks of %j bytes',
    (sizes) => {
      const bytes = Buffer.concat([serverFrame(textOf(70_000)), serverFrame(textOf(8))])
      expect(read(bytes, sizes, () => 20).map(({ payload }) => payload)).toEqual([
        textOf(70_000).slice(-20),
        textOf(8),
      ])
    },
  )

  it('are found where chunks end anywhere', () => {
    const small = Buffer.concat([serverFrame(textOf(130)), serverFrame(''), serverFrame('x')])
    for (let end = 1; end < small.length; end++) {
      expect(read(small, [end, small.length]).map(({ length }) => length)).toEqual([130, 0, 1])
    }
  })
})
