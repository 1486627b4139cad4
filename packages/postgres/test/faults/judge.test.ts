// The judge itself: what it must find, on records made by hand.
import { expect, test } from 'vitest'
import { bodyOf, isIntact } from './scene/bodies.js'
import type { Heard } from './scene/ears.js'
import { judge } from './scene/judge.js'
import type { Attempt } from './scene/load.js'

const EPOCH = 'e'

function attempt(seq: number, offset: number | undefined, codes: string[] = []): Attempt {
  const stored = offset === undefined ? undefined : { epoch: EPOCH, offset }
  return { publisher: 'p', seq, channel: 'c', codes, stored }
}

function heard(seq: number, offset: number, epoch = EPOCH): Heard {
  return { epoch, offset, publisher: 'p', seq }
}

const reset = (epoch: string, offset: number): Heard => ({ reset: { epoch, offset }, missed: null })

function verdict(attempts: readonly Attempt[], events: readonly Heard[], mayReset = false) {
  return judge(attempts, [{ member: 's', heard: new Map([['c', events]]) }], mayReset)
}

const sent = [attempt(0, 1), attempt(1, 2), attempt(2, 3)]

test('finds nothing wrong with a good run', () => {
  expect(verdict(sent, [heard(0, 1), heard(1, 2), heard(2, 3)])).toEqual([])
  expect(verdict([attempt(0, undefined, ['unavailable'])], [])).toEqual([])
  const unknown = [attempt(0, undefined, ['outcome-unknown'])]
  expect(verdict(unknown, [])).toEqual([])
  expect(verdict(unknown, [heard(0, 1)])).toEqual([])
  expect(verdict([attempt(0, 1, ['outcome-unknown', 'unavailable'])], [heard(0, 1)])).toEqual([])
})

test.each([
  ['a loss at the end', [heard(0, 1), heard(1, 2)], /stored at 3, is lost/],
  ['a loss in between', [heard(0, 1), heard(2, 3)], /3 came after 1/],
  ['a double', [heard(0, 1), heard(0, 1), heard(1, 2), heard(2, 3)], /1 came after 1/],
  ['an inversion', [heard(1, 2), heard(0, 1), heard(2, 3)], /1 came after 2/],
  ['a swap', [heard(1, 1), heard(0, 2), heard(2, 3)], /stored at 1, delivered at 2/],
  ['a stranger', [heard(0, 1), heard(1, 2), heard(2, 3), heard(9, 4)], /never published/],
  ['a reset', [heard(0, 1), reset('f', 0)], /a reset at 1/],
])('finds %s', (_, events, complaint) => {
  expect(verdict(sent, events).join('\n')).toMatch(complaint)
})

test('finds dishonest codes, overtaking, and members that disagree', () => {
  const refused = [attempt(0, undefined, ['unavailable'])]
  expect(verdict(refused, [heard(0, 1)])).toEqual([expect.stringContaining('and delivered')])
  expect(verdict([attempt(0, undefined, ['layer-closed'])], [])).toHaveLength(1)
  const twice = [attempt(0, 2, ['outcome-unknown'])]
  expect(verdict(twice, [heard(0, 1), heard(0, 2)]).join()).toContain('stored twice')
  const swapped = [attempt(0, 2), attempt(1, 1)]
  expect(verdict(swapped, [heard(1, 1), heard(0, 2)]).join()).toContain('overtook')
  const unknown = [0, 1].map((seq) => attempt(seq, undefined, ['outcome-unknown']))
  const hearings = [0, 1].map((seq) => ({
    member: `s${seq}`,
    heard: new Map([['c', [heard(seq, 1)]]]),
  }))
  expect(judge(unknown, hearings).join()).toContain('elsewhere')
})

test('where epochs may end, asks for notice of every loss', () => {
  const across = [...sent, { ...attempt(3, 1), stored: { epoch: 'f', offset: 1 } }]
  const good = [heard(0, 1), heard(1, 2), reset('f', 0), heard(3, 1, 'f')]
  expect(verdict(across, good, true)).toEqual([])
  expect(verdict(across, good).join()).toContain('a reset')
  expect(verdict(across, [heard(0, 1), heard(1, 2), reset('f', 1)], true)).toEqual([])
  const silent = [heard(0, 1), heard(1, 2), heard(3, 1, 'f')]
  expect(verdict(across, silent, true).join()).toContain('another epoch without a reset')
  expect(verdict(across, [heard(0, 1), heard(1, 2), heard(2, 3)], true).join()).toContain('is lost')
})

test('bodies have exactly the sizes that matter, and show damage', () => {
  const sizes = new Set<string>()
  for (let seq = 0; seq < 40; seq++) {
    const body = bodyOf(seq)
    const text = JSON.stringify(body)
    const kind = Buffer.byteLength(text) === text.length ? 'ascii' : 'multi-byte'
    sizes.add(`${Buffer.byteLength(text)} ${kind}`)
    expect(isIntact(JSON.parse(text))).toBe(true)
    expect(isIntact({ ...body, text: `${body.text.slice(0, -1)}?` })).toBe(false)
  }
  for (const kind of ['ascii', 'multi-byte']) {
    for (const size of [100, 5_000, 7_999, 8_000, 8_001, 50_000]) {
      expect(sizes).toContain(`${size} ${kind}`)
    }
  }
})
