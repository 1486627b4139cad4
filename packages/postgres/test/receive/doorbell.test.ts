// What the database rings is what is read: every kind, at every size, and never more than fits.

import type { Message } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { FIELD, RECORD } from '../../src/packing.js'
import {
  type Doorbell,
  type MessageListener,
  readDoorbell,
  readMessages,
  readShared,
} from '../../src/receive/doorbell.js'

function listen(watched: (channel: string) => boolean = () => true) {
  const heard: (Message | readonly [string, string, number])[] = []
  const listener: MessageListener = {
    watches: watched,
    message: (_, message) => heard.push(message),
    reference: (channel, epoch, offset) => heard.push([channel, epoch, offset]),
  }
  return { heard, listener }
}

const head = (kind: string) => [kind, '41', '2', 'generation'].join(FIELD)

function read(kind: string, ...records: readonly (readonly (string | number)[])[]): Doorbell {
  const content = records.map((fields) => fields.join(FIELD)).join(RECORD)
  return readDoorbell(`${head(kind)}${RECORD}${content}`) as Doorbell
}

test('a head has the kind, the number, what remains and the generation', () => {
  expect(read('P', ['a'])).toEqual({
    kind: 'P',
    number: 41,
    remaining: 2,
    generation: 'generation',
    content: 'a',
  })
})

test('what is no doorbell of ours is passed over', () => {
  for (const payload of ['', 'x', `M${FIELD}1`, `M${RECORD}x`]) {
    expect(readDoorbell(payload)).toBeUndefined()
  }
})

test('messages and references are read in order, with everything they have', () => {
  const { heard, listener } = listen()
  readMessages(
    read(
      'M',
      [1, 'e1', 'chat', 5.25, 'alice', 'id-1', '{"a":1}'],
      [7, 'e2', 'large'],
      [2, 'e1', 'chat', 6, '', '', '""'],
    ),
    listener,
  )
  expect(heard.length).toBe(3)
  expect(heard[0]).toMatchObject({
    channel: 'chat',
    body: '{"a":1}',
    sender: 'alice',
    timestamp: 5.25,
    offset: 1,
    epoch: 'e1.generation',
    id: 'id-1',
  })
  expect(heard[1]).toEqual(['large', 'e2.generation', 7])
  expect(heard[2]).toMatchObject({ sender: null, offset: 2, body: '""', id: undefined })
})

test('a reference at the end is not taken for a message', () => {
  const { heard, listener } = listen()
  readMessages(read('M', [1, 'e', 'a', 1, '', '', '1'], [2, 'e', 'b']), listener)
  expect(heard[1]).toEqual(['b', 'e.generation', 2])
})

test('a shared body goes to every channel that is watched', () => {
  const { heard, listener } = listen((channel) => channel !== 'b')
  const places = ['a', 'b', 'c'].map((channel, at) => [at + 1, `e${at}`, channel])
  readShared(read('G', [9.5, 'bob', '', '"news"'], ...places), listener)
  expect(heard).toMatchObject([
    { channel: 'a', offset: 1, body: '"news"', sender: 'bob', timestamp: 9.5 },
    { channel: 'c', offset: 3, body: '"news"' },
  ])
})

test('channels that nobody watches are not decoded', () => {
  const { heard, listener } = listen((channel) => channel === 'mine')
  readMessages(
    read('M', [1, 'e', 'other', 1, '', '', '1'], [1, 'e', 'mine', 1, '', '', '2']),
    listener,
  )
  expect(heard).toMatchObject([{ channel: 'mine', body: '2' }])
})
