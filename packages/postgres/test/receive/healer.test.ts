// A doorbell that stays away is noticed, and only then is anything compared.

import { ManualClock } from '@chan/core/testing'
import { expect, test } from 'vitest'
import { Healer } from '../../src/receive/healer.js'
import { type Standing, Watched } from '../../src/receive/watched.js'

function scene(standings: readonly Standing[]) {
  const clock = new ManualClock()
  const watched = new Watched()
  watched.add('watched')
  watched.confirm(at('watched', 0))
  const gaps: string[] = []
  let asked = 0
  const healer = new Healer(
    {
      clock,
      standings: async (channels) => {
        asked++
        return standings.filter(({ channel }) => channels.includes(channel))
      },
      gap: (channel) => gaps.push(channel),
      lostDoorbells: () => {},
      report: (error) => {
        throw error
      },
    },
    watched,
  )
  return { clock, watched, gaps, healer, asked: () => asked }
}

const at = (channel: string, offset: number, version = 0): Standing => ({
  channel,
  top: offset === 0 ? { epoch: '', offset: 0 } : { epoch: 'e', offset },
  version,
})

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('numbers that arrive cost nothing', async () => {
  const { clock, healer, asked } = scene([])
  for (let number = 1; number < 10; number++) {
    healer.drawn(number)
    healer.heard(number)
    clock.advance(300)
    healer.drawn(number)
  }
  await settled()
  expect([asked(), healer.lostDoorbells, healer.lag]).toEqual([0, 0, 0])
})

test('a number that stays away for 250 ms has the watched channels compared, once', async () => {
  const { clock, watched, healer, gaps, asked } = scene([at('same', 3), at('behind', 5)])
  for (const channel of ['same', 'behind']) watched.add(channel)
  watched.confirm(at('same', 3))
  watched.confirm(at('behind', 4))
  healer.drawn(7)
  clock.advance(249)
  healer.drawn(7)
  expect(healer.lag).toBe(7)
  clock.advance(1)
  healer.drawn(7)
  await settled()
  expect([gaps, asked(), healer.lostDoorbells]).toEqual([['behind'], 1, 1])
  // It counts as heard: the next look compares nothing.
  for (let look = 0; look < 3; look++) {
    clock.advance(300)
    healer.drawn(7)
  }
  await settled()
  expect(asked()).toBe(1)
})

test('members of an earlier version than was heard of are a gap, once: a standby took over', async () => {
  const { watched, healer, gaps } = scene([at('back', 0, 5), at('racing', 0, 5), at('same', 0, 5)])
  for (const channel of ['back', 'racing', 'same']) watched.add(channel)
  watched.confirm(at('back', 0, 9))
  watched.confirm(at('racing', 0, 5))
  watched.confirm(at('same', 0, 5))
  const comparing = healer.compare('connection-lost')
  // Rung after the database was asked: newer than its answer, and no sign.
  watched.heardPresence('racing', 6)
  await comparing
  expect(gaps).toEqual(['back'])
  expect(watched.isBehind(at('racing', 0, 6))).toBe(false)
  expect(watched.isBehind(at('back', 0, 5))).toBe(false)
  expect(watched.isBehind(at('back', 0, 6))).toBe(true)
})

test('patience begins anew with every number that was seen later', async () => {
  const { clock, healer, asked } = scene([])
  for (let number = 1; number < 20; number++) {
    healer.drawn(number)
    clock.advance(200)
    healer.heard(number)
  }
  await settled()
  expect(asked()).toBe(0)
})

test('a sequence that was set back counts from there', async () => {
  const { clock, healer, asked } = scene([])
  healer.restart(100)
  healer.drawn(5)
  healer.drawn(6)
  clock.advance(300)
  healer.drawn(6)
  await settled()
  expect(asked()).toBe(1)
})

test('behind is: more messages, another epoch, presence that went on, a watch not confirmed', () => {
  const watched = new Watched()
  watched.add('a')
  expect(watched.isBehind(at('a', 0))).toBe(true)
  watched.confirm(at('a', 2, 1))
  expect(watched.isBehind(at('a', 2, 1))).toBe(false)
  expect(watched.isBehind(at('a', 3, 1))).toBe(true)
  expect(watched.isBehind(at('a', 3, 2))).toBe(true)
  expect(watched.isBehind({ ...at('a', 3, 2), top: { epoch: 'other', offset: 3 } })).toBe(true)
  expect(watched.isBehind({ ...at('a', 3, 2), top: { epoch: 'other', offset: 3 } })).toBe(false)
  expect(watched.isBehind(at('unknown', 3))).toBe(false)
})
