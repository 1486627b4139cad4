// From one version of a channel's members to the next, and what is said about it.

import { expect, test } from 'vitest'
import type { PresenceList } from '../src/ports/presence.js'
import { Members } from '../src/presence/members.js'
import { entry } from './roster-scene.js'

const list = (version: number, ...entries: PresenceList['entries']): PresenceList => ({
  version,
  entries,
})
const names = (records: readonly { readonly userId: string }[]) =>
  records.map(({ userId }) => userId)

test('a change is one batch, also of many', () => {
  const members = new Members()
  members.replace(list(7, entry('alice')))
  const crowd = ['bob', 'carol', 'dave'].map((userId) => entry(userId))
  const batch = members.apply({ type: 'join', previous: 7, version: 9, entries: crowd })
  expect(batch).toMatchObject({ previous: 7, version: 9, update: [], leave: [], count: 4 })
  expect(names(batch.join)).toEqual(['bob', 'carol', 'dave'])
  const gone = { type: 'leave', reason: 'cleared', previous: 9, version: 10 } as const
  const leaves = members.apply({ ...gone, entries: crowd })
  expect(leaves).toMatchObject({ previous: 9, version: 10, join: [], update: [], count: 1 })
  // The very records that joined.
  expect(leaves.leave.map(({ member }) => member)).toEqual(batch.join)
  expect(leaves.leave[1]?.member).toBe(batch.join[1])
  expect(leaves.leave[1]?.reason).toBe('cleared')
})

test('a list is one batch with the difference; who is the same keeps the record', () => {
  const members = new Members()
  members.replace(list(1, entry('alice'), entry('bob'), entry('carol')))
  const [alice] = members.snapshot.members
  const batch = members.replace(list(5, entry('alice'), entry('carol', { n: 1 }), entry('dave')))
  expect(batch).toMatchObject({ previous: 1, version: 5, count: 3 })
  expect([names(batch.join), names(batch.update)]).toEqual([['dave'], ['carol']])
  expect(batch.leave.map(({ member, reason }) => [member.userId, reason])).toEqual([
    ['bob', 'timed-out'],
  ])
  expect(members.snapshot.members[0]).toBe(alice)
})

test('a snapshot is made once per version', () => {
  const members = new Members()
  members.replace(list(1, entry('alice')))
  const before = members.snapshot
  expect(members.snapshot).toBe(before)
  members.apply({ type: 'join', previous: 1, version: 2, entries: [entry('bob')] })
  expect([before.version, names(before.members)]).toEqual([1, ['alice']])
  expect([members.snapshot.version, names(members.snapshot.members)]).toEqual([2, ['alice', 'bob']])
})

test('records are frozen all the way down', () => {
  const members = new Members()
  const metadata = JSON.stringify({ tags: ['a'], deep: { er: [{ x: 1 }] } })
  const [record] = members.replace(list(1, { ...entry('alice'), metadata })).join
  const { tags, deep } = record as unknown as { tags: string[]; deep: { er: [object] } }
  for (const each of [record, tags, deep, deep.er, deep.er[0]]) {
    expect(Object.isFrozen(each)).toBe(true)
  }
})

test('what all listeners share is frozen', () => {
  const members = new Members()
  const batch = members.replace(list(1, entry('alice')))
  const { snapshot } = members
  const gone = { type: 'leave', reason: 'left', previous: 1, version: 2 } as const
  const { leave } = members.apply({ ...gone, entries: [entry('alice')] })
  const shared = [snapshot, snapshot.members, snapshot.members[0], batch, batch.join, batch.update]
  for (const each of [...shared, batch.leave, leave, leave[0]]) {
    expect(Object.isFrozen(each)).toBe(true)
  }
})
