// Members as a process knows them: sync first, changes after, the difference after a missed change.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import type { PresenceEntry } from '../src/ports/presence.js'
import type { PresenceEvent } from '../src/presence/record.js'
import { Roster } from '../src/presence/roster.js'
import { ManualClock } from '../src/testing/index.js'

const entry = (userId: string, metadata: object = {}): PresenceEntry => ({
  userId,
  joinedAt: 1,
  metadata: JSON.stringify(metadata),
})

function setUp() {
  const clock = new ManualClock()
  const store = { version: 0, entries: [] as PresenceEntry[], fail: false, lists: 0 }
  const errors: unknown[] = []
  const told: string[] = []
  const roster = new Roster({
    clock,
    list: async () => {
      store.lists++
      if (store.fail) throw new Error('no database')
      return { version: store.version, entries: [...store.entries] }
    },
    run: (task) => task(),
    report: (error) => errors.push(error),
  })
  const listener = (event: PresenceEvent) => void told.push(describeEvent(event))
  const join = (userId: string, metadata?: object) => {
    const joined = entry(userId, metadata)
    store.entries.push(joined)
    const previous = store.version++
    return { type: 'join' as const, previous, version: store.version, entries: [joined] }
  }
  const leave = (userId: string) => {
    const gone = store.entries.filter((member) => member.userId === userId)
    store.entries = store.entries.filter((member) => member.userId !== userId)
    const previous = store.version++
    const change = { type: 'leave' as const, reason: 'left' as const, entries: gone }
    return { ...change, previous, version: store.version }
  }
  return { clock, store, errors, told, roster, listener, join, leave }
}

function describeEvent(event: PresenceEvent): string {
  if (event.type === 'sync') return `sync ${event.members.map(({ userId }) => userId).join(',')}`
  const reason = event.type === 'leave' ? ` ${event.reason}` : ''
  return `${event.type} ${event.member.userId}${reason}`
}

describe('Roster', () => {
  test('tells a sync before listening resolves, then every change', async () => {
    const { roster, told, listener, join, leave } = setUp()
    join('alice')
    await roster.listen(listener)
    expect(told).toEqual(['sync alice'])
    roster.changed(join('bob'))
    roster.changed(leave('alice'))
    expect(told).toEqual(['sync alice', 'join bob', 'leave alice left'])
  })

  test('a second listener hears a sync of its own, without another list', async () => {
    const { roster, store, told, listener, join } = setUp()
    await roster.listen(listener)
    roster.changed(join('bob'))
    const later: string[] = []
    await roster.listen((event) => later.push(describeEvent(event)))
    expect(later).toEqual(['sync bob'])
    expect(told).toEqual(['sync ', 'join bob'])
    expect(store.lists).toBe(1)
  })

  test('a missed change shows in the versions, and the difference is told once', async () => {
    const { roster, told, listener, join, leave } = setUp()
    join('alice')
    await roster.listen(listener)
    leave('alice')
    join('bob')
    roster.changed(join('carol'))
    await waitFor(() => told.length === 4, { deadlineMs: 1000, label: 'the difference' })
    expect(told.slice(1).sort()).toEqual(['join bob', 'join carol', 'leave alice timed-out'])
    roster.changed(leave('carol'))
    expect(told.at(-1)).toBe('leave carol left')
  })

  test('changes that come while it lists are neither lost nor told twice', async () => {
    const { roster, told, listener, join } = setUp()
    const listening = roster.listen(listener)
    const early = join('alice')
    roster.changed(early)
    await listening
    roster.changed(early)
    const known = told.join(' | ')
    expect(known.match(/alice/g)).toHaveLength(1)
  })

  test('after a gap it lists again, tries until that works, and tells a sync', async () => {
    const { clock, roster, store, errors, told, listener, join } = setUp()
    await roster.listen(listener)
    store.fail = true
    join('alice')
    roster.gap()
    await waitFor(() => errors.length === 1, { deadlineMs: 1000, label: 'the failed list' })
    roster.changed(join('bob'))
    store.fail = false
    clock.advance(500)
    await waitFor(() => told.length === 2, { deadlineMs: 1000, label: 'the sync' })
    expect(told).toEqual(['sync ', 'sync alice,bob'])
    expect(clock.pending).toBe(0)
  })

  test('a gap while it lists for the first time makes it list again', async () => {
    const { roster, store, told, listener, join, leave } = setUp()
    join('ghost')
    const listening = roster.listen(listener)
    // The list under way holds what was true before; that the ghost left is what went missing.
    leave('ghost')
    roster.gap()
    await listening
    const known = () => told.at(-1)
    const truths: unknown[] = ['sync ', 'leave ghost timed-out']
    await waitFor(() => truths.includes(known()), { deadlineMs: 1000, label: 'the truth' })
    expect(store.lists).toBe(2)
    expect(told[0]).toMatch(/^sync/)
  })

  test('whoever waits for the first list keeps the roster in use', async () => {
    const { roster, listener } = setUp()
    expect(roster.inUse).toBe(false)
    const first = await roster.listen(listener)
    const second = roster.listen(listener)
    first()
    expect(roster.inUse).toBe(true)
    ;(await second)()
    expect(roster.inUse).toBe(false)
  })

  test('a roster that the layer closes refuses who still waits for it', async () => {
    const { roster, listener } = setUp()
    const listening = roster.listen(listener)
    roster.close()
    await expect(listening).rejects.toMatchObject({ code: 'layer-closed' })
  })

  test('changes that wait for a list are bounded, and none of them is missed', async () => {
    const { clock, roster, store, errors, listener, told, join, leave } = setUp()
    await roster.listen(listener)
    store.fail = true
    roster.gap()
    await waitFor(() => errors.length === 1, { deadlineMs: 1000, label: 'the failed list' })
    for (let round = 0; round < 2_000; round++) {
      roster.changed(join('alice'))
      roster.changed(leave('alice'))
    }
    roster.changed(join('bob'))
    store.fail = false
    const lists = store.lists
    clock.advance(500)
    await waitFor(() => store.lists === lists + 2, { deadlineMs: 1000, label: 'both lists' })
    await waitFor(() => told.length > 1, { deadlineMs: 1000, label: 'the sync' })
    expect(told).toEqual(['sync ', 'sync bob'])
  })

  test('a failing listener hurts nobody else', async () => {
    const { roster, errors, told, listener, join } = setUp()
    await roster.listen(() => {
      throw new Error('sync failure')
    })
    await roster.listen(async () => {
      throw new Error('async failure')
    })
    await roster.listen(listener)
    roster.changed(join('bob'))
    expect(told).toEqual(['sync ', 'join bob'])
    await waitFor(() => errors.length === 4, { deadlineMs: 1000, label: 'all four failures' })
  })

  test('metadata never passes for identity', async () => {
    const { roster, join } = setUp()
    const members: unknown[] = []
    await roster.listen((event) => event.type === 'join' && members.push(event.member))
    const forged = '{"userId":"root","joinedAt":0,"__proto__":{"admin":true},"name":"A"}'
    const change = join('alice')
    roster.changed({ ...change, entries: [{ userId: 'alice', joinedAt: 1, metadata: forged }] })
    expect(members[0]).toMatchObject({ userId: 'alice', joinedAt: 1, name: 'A' })
    expect((members[0] as { admin?: boolean }).admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})
