import { describe, expect, test } from 'vitest'
import { floorAfterChange, historyWindow, limitsInForce } from '../src/model/history.js'

const limits = (maxHistory: number, explicit = true) => ({
  maxHistory,
  historyTtlMs: null,
  explicit,
})
const at = (offset: number, epoch = 'e') => ({ epoch, offset })

describe('history window', () => {
  test.each([
    ['the most recent N', 10, 0, 3, {}, { after: 7, upTo: 10 }],
    ['fewer than N', 2, 0, 3, {}, { after: 0, upTo: 2 }],
    ['a floor above the window', 10, 9, 3, {}, { after: 9, upTo: 10 }],
    ['none kept', 10, 0, 0, {}, { after: 10, upTo: 10 }],
    ['a limit of none', 10, 0, 5, { limit: 0 }, { after: 10, upTo: 10 }],
    ['the most recent of them', 10, 0, 5, { limit: 2 }, { after: 8, upTo: 10 }],
    ['a limit above what is kept', 10, 0, 5, { limit: 99 }, { after: 5, upTo: 10 }],
    ['since', 10, 0, 5, { since: at(8) }, { after: 8, upTo: 10 }],
    ['since another epoch', 10, 0, 5, { since: at(8, 'x') }, { after: 5, upTo: 10 }],
    ['before', 10, 0, 5, { before: at(8) }, { after: 5, upTo: 7 }],
    ['before, limited', 10, 0, 5, { before: at(8), limit: 1 }, { after: 6, upTo: 7 }],
    ['before all that is kept', 10, 0, 5, { before: at(3) }, { after: 5, upTo: 5 }],
    ['before in another epoch', 10, 0, 5, { before: at(8, 'x') }, { after: 5, upTo: 5 }],
  ])('%s', (_, top, floor, maxHistory, query, expected) => {
    expect(historyWindow(at(top), floor, limits(maxHistory), query)).toEqual(expected)
  })

  test('defaults never replace limits that somebody named; the last named ones win', () => {
    const named = limits(5)
    expect(limitsInForce(named, limits(100, false))).toBe(named)
    expect(limitsInForce(named, limits(7)).maxHistory).toBe(7)
    expect(limitsInForce(limits(100, false), named)).toBe(named)
    expect(limitsInForce(named, limits(5))).toBe(named)
  })

  test('raising a limit does not bring back what the lower one hid', () => {
    expect(floorAfterChange(0, 20, limits(5))).toBe(15)
    expect(floorAfterChange(18, 20, limits(5))).toBe(18)
  })
})
