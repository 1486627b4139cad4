import { Message } from '@chan/postgres'
import { describe, expect, it } from 'vitest'
import { offsetIn, TAIL_BYTES, Trail } from '../../src/sockets/client/trail.js'

function messageAt(offset: number, extra: object = {}): Buffer {
  const data = { t: 1, pad: 'x'.repeat(1_000), more: '"offset":99' }
  const message = new Message({ channel: 'large', data, offset, epoch: 'e'.repeat(24), ...extra })
  return Buffer.from(message.toJson())
}

function trailOf(...offsets: readonly number[]): Trail {
  const trail = new Trail()
  for (const offset of offsets) trail.take(messageAt(offset))
  return trail
}

describe('the offset at the end of a message', () => {
  it('is found in the last bytes', () => {
    const tail = messageAt(1_234_567).subarray(-TAIL_BYTES).toString('latin1')
    expect(offsetIn(tail)).toBe(1_234_567)
  })

  it('is not one in its data', () => {
    const text = messageAt(7, { id: 'once' }).toString('latin1')
    expect(offsetIn(text)).toBe(7)
  })

  it('is none where there is none', () => {
    expect(offsetIn('{"type":"error","code":"rate-limited"}')).toBeNaN()
  })
})

describe('the trail of a socket', () => {
  it('begins anywhere and goes on message by message', () => {
    expect(trailOf(41, 42, 43)).toMatchObject({ first: 41, last: 43, astray: 0 })
  })

  it.each([
    ['a hole', [1, 2, 4]],
    ['a double', [1, 2, 2]],
    ['a step back', [5, 4]],
  ])('shows %s', (_, offsets) => {
    expect(trailOf(...offsets).astray).toBe(1)
  })

  it('shows what has no offset', () => {
    const trail = trailOf(1)
    trail.take(Buffer.from('{"type":"error"}'))
    trail.take(undefined)
    expect(trail.astray).toBe(2)
  })
})
