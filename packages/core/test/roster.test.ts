// Members as a process knows them: sync first, changes after, the difference after a missed change.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import type { PresenceList } from '../src/ports/presence.js'
import { describeEvent, entry, setUp } from './roster-scene.js'

describe('Roster', () => {
  test('tells a sync before listening resolves, then every change', async () => {
    const { roster, listen, told, listener, join, leave } = setUp()
    join('alice')
    await listen(listener)
    expect(told).toEqual(['sync alice'])
    roster.changed(join('bob'))
    roster.changed(leave('alice'))
    expect(told).toEqual(['sync alice', 'join bob', 'leave alice left'])
  })

  test('a second listener hears a sync of its own, without another list', async () => {
    const { roster, listen, store, told, listener, join } = setUp()
    await listen(listener)
    roster.changed(join('bob'))
    const later: string[] = []
    await listen((event) => later.push(describeEvent(event)))
    expect(later).toEqual(['sync bob'])
    expect(told).toEqual(['sync ', 'join bob'])
    expect(store.lists).toBe(1)
  })

  test('a missed change shows in the versions, and the difference is told once', async () => {
    const { roster, listen, told, listener, join, leave } = setUp()
    join('alice')
    await listen(listener)
    leave('alice')
    join('bob')
    roster.changed(join('carol'))
    await waitFor(() => told.length === 4, { deadlineMs: 1000, label: 'the difference' })
    expect(told.slice(1).sort()).toEqual(['join bob', 'join carol', 'leave alice timed-out'])
    roster.changed(leave('carol'))
    expect(told.at(-1)).toBe('leave carol left')
  })

  test('changes that come while it lists are neither lost nor told twice', async () => {
    const { roster, listen, told, listener, join } = setUp()
    const listening = listen(listener)
    const early = join('alice')
    roster.changed(early)
    await listening
    roster.changed(early)
    const known = told.join(' | ')
    expect(known.match(/alice/g)).toHaveLength(1)
  })

  test('after a gap it lists again, tries until that works, and tells a sync', async () => {
    const { clock, roster, listen, store, errors, told, listener, join } = setUp()
    await listen(listener)
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
    const { roster, listen, store, told, listener, join, leave } = setUp()
    join('ghost')
    const listening = listen(listener)
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
    const { roster, listen, listener } = setUp()
    expect(roster.inUse).toBe(false)
    const first = await listen(listener)
    const second = listen(listener)
    first()
    expect(roster.inUse).toBe(true)
    ;(await second)()
    expect(roster.inUse).toBe(false)
  })

  test('a roster that the layer closes refuses who still waits for it', async () => {
    const { roster, listen, listener } = setUp()
    const listening = listen(listener)
    roster.close()
    await expect(listening).rejects.toMatchObject({ code: 'layer-closed' })
  })

  test('changes that wait for a list are bounded, and none of them is missed', async () => {
    const { clock, roster, listen, store, errors, listener, told, join, leave } = setUp()
    await listen(listener)
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
    const { roster, listen, errors, told, listener, join } = setUp()
    await listen(() => {
      throw new Error('sync failure')
    })
    await listen(async () => {
      throw new Error('async failure')
    })
    await listen(listener)
    roster.changed(join('bob'))
    expect(told).toEqual(['sync ', 'join bob'])
    await waitFor(() => errors.length === 4, { deadlineMs: 1000, label: 'all four failures' })
  })

  test('metadata never passes for identity', async () => {
    const { roster, listen, join } = setUp()
    const members: unknown[] = []
    await listen((event) => event.type === 'join' && members.push(event.member))
    const forged = '{"userId":"root","joinedAt":0,"__proto__":{"admin":true},"name":"A"}'
    const change = join('alice')
    roster.changed({ ...change, entries: [{ userId: 'alice', joinedAt: 1, metadata: forged }] })
    expect(members[0]).toMatchObject({ userId: 'alice', joinedAt: 1, name: 'A' })
    expect((members[0] as { admin?: boolean }).admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('a list that comes too late changes nothing: there is one at a time', async () => {
    const { roster, backend, listen, told, listener, join } = setUp()
    const lists: ((answer: PresenceList | Promise<never>) => void)[] = []
    backend.list = () => new Promise((resolve) => lists.push(resolve))
    const refused = listen(listener)
    lists[0]?.(Promise.reject(new Error('no database')))
    await expect(refused).rejects.toThrow('no database')
    // Nobody was told anything yet, so there is nothing that this could be missing from.
    roster.changed(join('alice'))
    roster.gap()
    const listening = listen(listener)
    lists.at(-1)?.({ version: 2, entries: [entry('alice'), entry('bob')] })
    await listening
    for (const answer of lists) answer({ version: 1, entries: [entry('alice')] })
    await new Promise((resolve) => setTimeout(resolve))
    expect(lists).toHaveLength(2)
    expect(told).toEqual(['sync alice,bob'])
  })

  test('a closed roster neither reports nor tries again', async () => {
    const { clock, roster, listen, store, errors, listener } = setUp()
    await listen(listener)
    store.fail = true
    roster.gap()
    roster.close()
    await waitFor(() => store.lists === 2, { deadlineMs: 1000, label: 'the list' })
    await new Promise((resolve) => setTimeout(resolve))
    expect(errors).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('versions that began anew behind a gap count', async () => {
    const { roster, listen, store, told, listener, join } = setUp()
    store.version = 50
    await listen(listener)
    store.version = 0
    const lost = join('alice')
    roster.gap()
    await waitFor(() => told.length === 2, { deadlineMs: 1000, label: 'the sync' })
    roster.changed(lost)
    roster.changed(join('bob'))
    expect(told).toEqual(['sync ', 'sync alice', 'join bob'])
  })
})
