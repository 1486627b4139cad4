import { expect, test } from 'vitest'
import { decodePresence, readPresence } from '../../src/presence/presence-doorbell.js'

const FIELD = '\u001f'
const record = (...fields: (string | number)[]) => fields.join(FIELD)
const text = (...records: string[]) => records.join('\u001e')

test('records become changes, in order', () => {
  const found = decodePresence(
    text(
      record('join', '', 'chat', 0, 7, 'alice', '1700000000.25', '{"a":1}'),
      record('update', '', 'chat', 7, 9, 'alice', '1700000000.25', '{}'),
      record('leave', 'cleared', '', 3, 4, 'bob', 1, '{}', 'carol', 2, '{"b":"é"}'),
      record('reaped', 'timed-out', 'x', 1, 2, 'dave', 1, '{}'),
    ),
  )
  expect(found).toEqual([
    {
      type: 'members',
      channel: 'chat',
      reaped: false,
      change: {
        type: 'join',
        previous: 0,
        version: 7,
        entries: [{ userId: 'alice', joinedAt: 1_700_000_000.25, metadata: '{"a":1}' }],
      },
    },
    {
      type: 'members',
      channel: 'chat',
      reaped: false,
      change: {
        type: 'update',
        previous: 7,
        version: 9,
        entries: [{ userId: 'alice', joinedAt: 1_700_000_000.25, metadata: '{}' }],
      },
    },
    {
      type: 'members',
      channel: '',
      reaped: false,
      change: {
        type: 'leave',
        reason: 'cleared',
        previous: 3,
        version: 4,
        entries: [
          { userId: 'bob', joinedAt: 1, metadata: '{}' },
          { userId: 'carol', joinedAt: 2, metadata: '{"b":"é"}' },
        ],
      },
    },
    {
      type: 'members',
      channel: 'x',
      reaped: true,
      change: {
        type: 'leave',
        reason: 'timed-out',
        previous: 1,
        version: 2,
        entries: [{ userId: 'dave', joinedAt: 1, metadata: '{}' }],
      },
    },
  ])
})

test('discards are told apart, and kinds of later versions are passed over', () => {
  const doorbell = text(record('later', 'a', 'b', 'c'), record('discarded', 'group', 'chat'), '')
  expect(readPresence(doorbell)).toEqual([{ type: 'discarded', group: 'group', channel: 'chat' }])
  expect(decodePresence(doorbell)).toEqual([])
})
