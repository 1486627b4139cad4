// The moments in which a transaction is neither open nor over.

import { expect, test } from 'vitest'
import { isChanError, type TransactionalLog } from '../src/backend.js'
import { Lifecycle } from '../src/hub/lifecycle.js'
import { Transactions } from '../src/hub/transactions.js'
import type { Transaction } from '../src/index.js'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const limits = { maxHistory: 1, historyTtlMs: null, explicit: false }
const entry = { body: '1', bytes: 1, sender: null, timestamp: 0, id: null, ephemeral: false }

/** A log whose commits and answers come when the test says so. */
function slowLog() {
  const steps: string[] = []
  let settle = () => {}
  const settled = new Promise<void>((resolve) => {
    settle = resolve
  })
  const log: TransactionalLog = {
    async enqueue(_tx, channel) {
      steps.push(`enqueue ${channel}`)
      await settled
    },
    async transaction(run) {
      try {
        const result = await run({ query: () => {} })
        steps.push('committing')
        await settled
        return result
      } catch (error) {
        steps.push('rolled back')
        throw error
      }
    },
  }
  const lifecycle = new Lifecycle(
    async () => {},
    async () => {},
    () => {},
  )
  const transactions = new Transactions(log, lifecycle, () => undefined)
  const publish = (tx: Transaction, channel: string) =>
    transactions.publish(tx, () => ({ channel, limits, entry }))
  return { transactions, publish, steps, settle: () => settle() }
}

test('while it commits, nothing more goes in', async () => {
  const { transactions, publish, steps, settle } = slowLog()
  let kept: Transaction | undefined
  const running = transactions.run((tx) => {
    kept = tx
  })
  while (!steps.includes('committing')) await turn()
  const late = await publish(kept as Transaction, 'late').catch((error: unknown) => error)
  expect(isChanError(late, 'invalid-option')).toBe(true)
  settle()
  await running
  expect(steps).toEqual(['committing'])
})

test('it is not ended before what was published in it has been answered', async () => {
  const { transactions, publish, steps, settle } = slowLog()
  const outcomes = [
    transactions.run((tx) => {
      void publish(tx, 'kept')
    }),
    transactions.run((tx) => {
      void publish(tx, 'dropped')
      throw new Error('changed my mind')
    }),
  ].map((running) => running.catch((error: Error) => error.message))
  await turn()
  expect(steps).toEqual(['enqueue kept', 'enqueue dropped'])
  settle()
  expect(await Promise.all(outcomes)).toEqual([undefined, 'changed my mind'])
  expect(steps.slice(2).sort()).toEqual(['committing', 'rolled back'])
  expect(transactions.published).toBe(2)
})

test('abandoned, it is rolled back whatever its function comes to', async () => {
  const { transactions, publish, steps } = slowLog()
  let finish = () => {}
  const running = transactions.run(() => new Promise<void>((resolve) => (finish = resolve)))
  const foreign = publish({ query: () => {} }, 'foreign')
  await turn()
  transactions.abandon(new Error('closed'))
  await expect(running).rejects.toThrow('closed')
  await expect(foreign).rejects.toThrow('closed')
  await transactions.settled()
  finish()
  await turn()
  expect(steps).toEqual(['enqueue foreign', 'rolled back'])
})
