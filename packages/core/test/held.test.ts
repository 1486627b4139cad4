// What waits for a feed: kept in order while it may be, and known to be missing where it may not.

import { describe, expect, test } from 'vitest'
import { Held } from '../src/hub/held.js'
import { ephemeral, message } from './feed-scene.js'

const big = JSON.stringify('x'.repeat(400_000))
const offsets = (held: Held) => held.take().map(({ offset, data }) => offset ?? data)

test('is handed over once, in the order it came', () => {
  const held = new Held()
  for (const one of [message(3), ephemeral('typing'), message(2)]) held.add(one)
  expect([held.length, held.lost]).toEqual([3, false])
  expect(offsets(held)).toEqual([3, 'typing', 2])
  expect([held.length, offsets(held)]).toEqual([0, []])
})

describe('above a mebibyte', () => {
  test('all of it is let go, and nothing kept until somebody has read', () => {
    const held = new Held()
    for (const offset of [1, 2, 3]) held.add(message(offset, 'e1', big))
    held.add(message(4))
    held.add(ephemeral('typing'))
    expect([held.lost, held.length]).toEqual([true, 0])
    held.lost = false
    held.add(message(5))
    expect(offsets(held)).toEqual([5])
  })

  test('of tiny messages, too: each takes more than its body', () => {
    const held = new Held()
    for (let offset = 1; offset <= 5_000; offset++) held.add(message(offset))
    expect([held.lost, held.length]).toEqual([true, 0])
  })

  test('what was handed over counts no more', () => {
    const held = new Held()
    for (const offset of [1, 2]) held.add(message(offset, 'e1', big))
    held.take()
    for (const offset of [3, 4]) held.add(message(offset, 'e1', big))
    expect([held.lost, held.length]).toEqual([false, 2])
  })
})

describe('paused', () => {
  test('it lets go of what it had and of what comes, and knows that there was something', () => {
    const held = new Held()
    held.add(message(1))
    held.pause()
    expect([held.lost, held.length]).toEqual([true, 0])
    const other = new Held()
    other.pause()
    expect(other.lost).toBe(false)
    other.add(message(1))
    other.resume()
    expect([other.lost, other.length]).toEqual([true, 0])
  })

  test('what has no place is let go without a trace: nobody could read it', () => {
    const held = new Held()
    held.add(ephemeral('typing'))
    held.pause()
    held.add(ephemeral('typing'))
    held.resume()
    expect([held.lost, held.length]).toEqual([false, 0])
    held.add(ephemeral('heard'))
    expect(offsets(held)).toEqual(['heard'])
  })
})
