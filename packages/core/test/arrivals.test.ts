// Who comes later waits for those before, also for one that does not know yet where it belongs.

import { expect, test } from 'vitest'
import { Arrivals } from '../src/hub/arrivals.js'

test('all enter in the order they came, whatever is known first and whatever fails', async () => {
  const arrivals = new Arrivals()
  const entered: unknown[] = []
  let find = (_value: string) => {}
  let fail = (_reason: Error) => {}
  expect(arrivals.busy).toBe(false)
  arrivals.hold(new Promise<string>((resolve) => (find = resolve)), (value) => entered.push(value))
  arrivals.follow(() => entered.push(2))
  arrivals.hold(new Promise((_, reject) => (fail = reject)), () => entered.push('never'))
  arrivals.hold(Promise.resolve(3), (value) => entered.push(value))
  arrivals.follow(() => {
    entered.push(4)
    // One more that comes while others wait is behind them.
    if (arrivals.busy) arrivals.follow(() => entered.push(6))
  })
  arrivals.follow(() => entered.push(5))
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toEqual([])
  find('1')
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toEqual(['1', 2])
  fail(new Error('not found'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toEqual(['1', 2, 3, 4, 5, 6])
  expect(arrivals.busy).toBe(false)
})
