import { expect, test } from 'vitest'
import {
  type Answer,
  addToGroup,
  clearMembers,
  type Operation,
  putHold,
  removeFromGroup,
  removeHold,
  setInterest,
} from '../../src/presence/operation.js'
import { OwnHolds } from '../../src/presence/own-holds.js'
import type { MemberNews } from '../../src/presence/presence-doorbell.js'

const FIELD = '\u001f'
const held = (...records: string[][]) => records.map((record) => record.join(FIELD)).join('\u001e')
const nothing: Answer = { changed: false, joinedAt: 0 }

const entry = (userId: string, metadata = '{}') => ({ userId, joinedAt: 5, metadata })
const put = (userId: string, hold = 'h', metadata = '{}') =>
  putHold('chat', hold, entry(userId, metadata))
const release = (userId: string, hold: string | null = 'h') =>
  removeHold('chat', userId, hold, 'left')

function leave(userId: string, reaped = false): MemberNews {
  const change = { type: 'leave', reason: 'left', previous: 1, version: 2 } as const
  return {
    type: 'members',
    channel: 'chat',
    reaped,
    change: { ...change, entries: [entry(userId)] },
  }
}

function holding(asOf: number, ...operations: Operation[]): OwnHolds {
  const holds = new OwnHolds()
  for (const operation of operations) holds.done(operation, { changed: true, joinedAt: 5 }, asOf)
  return holds
}

/** What would be put again if the database had lost everything. */
const everything = (holds: OwnHolds) =>
  holds
    .compare(null, 1_000, false)
    .map(({ kind, subject, hold }) => [kind, subject, hold].join(' '))

test('what was done is held until it is undone', () => {
  const holds = holding(1, put('alice', 'a'), put('alice', 'b'), put('bob'))
  holds.done(addToGroup('news', 'chat', 'h'), nothing, 1)
  holds.done(addToGroup('news', 'chat', null), nothing, 1)
  holds.done(setInterest('chat', 3), nothing, 1)
  expect(holds.size).toBe(4)
  expect(holds.has(release('alice', 'a'))).toBe(true)
  expect(holds.has(removeFromGroup('news', 'chat', 'h'))).toBe(true)
  holds.done(release('alice', 'a'), nothing, 2)
  holds.done(release('bob', null), nothing, 2)
  expect(holds.has(release('alice', 'a'))).toBe(false)
  expect(everything(holds)).toEqual(['restore alice b', 'hold news h', 'interest  '])
  holds.done(clearMembers('chat'), nothing, 3)
  holds.done(removeFromGroup('news', 'chat', null), nothing, 3)
  holds.done(setInterest('chat', 0), nothing, 3)
  expect(everything(holds)).toEqual([])
})

test('a leave ends what was held before it, and nothing else', () => {
  const holds = holding(5, put('alice', 'old'), put('bob'))
  holds.done(put('alice', 'new'), nothing, 8)
  holds.hear(leave('alice'), 7)
  expect(everything(holds)).toEqual(['restore alice new', 'restore bob h'])
  holds.hear({ ...leave('bob'), channel: 'other' }, 9)
  holds.hear(leave('bob', true), 9)
  expect(everything(holds)).toEqual(['restore alice new', 'restore bob h'])
})

test('a leave that is heard before the answer to an earlier put ends it all the same', () => {
  const holds = holding(1)
  holds.sending()
  holds.hear(leave('alice'), 7)
  holds.hear({ type: 'discarded', group: 'news', channel: 'chat' }, 7)
  holds.done(put('alice'), nothing, 6)
  holds.done(put('bob'), nothing, 6)
  holds.done(addToGroup('news', 'chat', 'h'), nothing, 6)
  expect(holds.sent()).toBe(true)
  expect(everything(holds)).toEqual(['restore bob h'])
})

test('more news than can be remembered make a comparison necessary', () => {
  const holds = holding(1)
  holds.sending()
  for (let n = 0; n < 10_000; n++) holds.hear(leave('alice'), n)
  expect(holds.sent()).toBe(false)
  holds.sending()
  expect(holds.sent()).toBe(true)
})

test('what is put again carries the newest metadata that was heard of', () => {
  const holds = holding(5, put('alice', 'h', '{"by":"me"}'))
  const update = (metadata: string): MemberNews => {
    const change = { type: 'update', previous: 1, version: 2 } as const
    const entries = [entry('alice', metadata)]
    return { type: 'members', channel: 'chat', reaped: false, change: { ...change, entries } }
  }
  holds.hear(update('{"by":"older"}'), 4)
  expect(holds.compare(null, 5, false)[0]?.detail).toBe('{"by":"me"}')
  holds.hear(update('{"by":"newer"}'), 6)
  expect(holds.compare(null, 6, false)[0]).toMatchObject({
    detail: '{"by":"newer"}',
    number: 5,
  })
})

test('of a database that kept us, what it has not is forgotten, what it has too much is ended', () => {
  const holds = holding(1, put('alice'), put('bob'))
  holds.done(addToGroup('news', 'chat', 'h'), nothing, 1)
  holds.done(setInterest('chat', 3), nothing, 1)
  holds.done(setInterest('other', 1), nothing, 1)
  const theirs = held(
    ['user', 'chat', 'bob', 'h'],
    ['user', 'chat', 'bob', 'ghost'],
    ['group', 'chat', 'ghosts', 'h'],
    ['interest', 'chat', '2'],
    ['interest', 'ghost', '1'],
  )
  expect(holds.compare(theirs, 9, true)).toEqual([
    setInterest('chat', 3),
    setInterest('other', 1),
    removeHold('chat', 'bob', 'ghost', 'disconnected'),
    removeFromGroup('ghosts', 'chat', 'h'),
    setInterest('ghost', 0),
  ])
  expect(holds.size).toBe(1)
  // Everything is as of the comparison now.
  holds.hear(leave('bob'), 9)
  expect(holds.size).toBe(1)
})

test('of a database that lost us, what it has not is put again', () => {
  const holds = holding(1, put('alice'), put('bob'))
  const theirs = held(['user', 'chat', 'bob', 'h'])
  expect(holds.compare(theirs, 9, false).map(({ subject }) => subject)).toEqual(['alice'])
  expect(holds.size).toBe(2)
})
