// What memory adds to B12: one step for all of a transaction, and no database behind it.

import { isChanError } from '@chan/core'
import { expect, test } from 'vitest'
import { InMemoryBus, InMemoryChannelLayer, type Transaction } from '../src/index.js'
import { EVERYTHING, entry, LIMITS, open } from './open.js'

const failure = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .catch((error: unknown) => error)

test('a transaction is delivered when it resolves, and appended as a whole before that', async () => {
  const layer = new InMemoryChannelLayer()
  const [chat, other] = [layer.channel<number>('chat'), layer.channel<number>('other')]
  const heard: number[] = []
  const beside: Promise<number>[] = []
  await chat.subscribe(async ({ data }) => {
    heard.push(data)
    beside.push(other.history().then(({ length }) => length))
  })
  await layer.transaction(async (tx) => {
    await chat.publish(1, { tx })
    await chat.publish(2, { tx })
    await other.publish(3, { tx })
    await chat.publish(4)
    expect(heard).toEqual([4])
  })
  expect(heard).toEqual([4, 1, 2])
  // The first callback already finds what the transaction published elsewhere.
  expect(await Promise.all(beside)).toEqual([0, 1, 1])
  await layer.disconnect()
})

test('nothing comes between the messages of one transaction', async () => {
  const { backend, delivered } = await open()
  await backend.watch('chat')
  const transaction = (first: number) =>
    backend.transaction(async (tx) => {
      for (const n of [0, 1, 2]) await backend.enqueue(tx, 'chat', entry(first + n), LIMITS)
    })
  const direct = [90, 91, 92].map((n) =>
    Promise.resolve().then(() => backend.append('chat', entry(n), LIMITS)),
  )
  await Promise.all([transaction(10), ...direct, transaction(20)])
  const data = delivered.map((message) => message.data as number)
  for (const first of [10, 20]) {
    const at = data.indexOf(first)
    expect(data.slice(at, at + 3)).toEqual([first, first + 1, first + 2])
  }
  expect(data.length).toBe(9)
})

test('the tx of another layer, or of a database, is refused with a hint', async () => {
  const bus = new InMemoryBus()
  const [one, two] = [new InMemoryChannelLayer({ bus }), new InMemoryChannelLayer({ bus })]
  const database: Transaction = { query: () => Promise.reject(new Error('must not be asked')) }
  const refused = async (tx: Transaction) => {
    const error = await failure(() => one.channel('chat').publish(1, { tx }))
    expect(isChanError(error, 'invalid-option') && error.hint).toMatch(/layer\.transaction\(\)/)
  }
  await refused(database)
  await two.transaction(refused)
  // Its own class does not make it its own.
  await two.transaction((tx) => refused(Object.create(tx)))
  expect(await two.channel('chat').history()).toEqual([])
  await Promise.all([one.disconnect(), two.disconnect()])
})

test('tx.query says that there is no database, and fails nothing else', async () => {
  const layer = new InMemoryChannelLayer()
  const chat = layer.channel('chat')
  await layer.transaction(async (tx) => {
    const error = await failure(() => tx.query('SELECT 1'))
    expect(isChanError(error, 'invalid-option') && error.message).toMatch(/no database/)
    await chat.publish('kept', { tx })
  })
  expect((await chat.history()).map(({ data }) => data)).toEqual(['kept'])
  await layer.disconnect()
})

test('what a transaction holds is let go of with it', async () => {
  const { backend } = await open()
  let kept: Transaction | undefined
  await backend.transaction(async (tx) => {
    kept = tx
    await backend.enqueue(tx, 'chat', entry('x'.repeat(1_000)), LIMITS)
  })
  expect(JSON.stringify(kept)).toBe('{}')
  const late = await failure(() => backend.enqueue(kept as Transaction, 'chat', entry(1), LIMITS))
  expect(isChanError(late, 'invalid-option')).toBe(true)
  expect((await backend.history('chat', {}, LIMITS, EVERYTHING)).messages.length).toBe(1)
})
