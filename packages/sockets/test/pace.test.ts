// Newcomers by turns of the event loop: few in each, in order, and at once where nobody waits.

import type { Clock } from '@chan/core/connections'
import { expect, test } from 'vitest'
import { Pace } from '../src/routing/pace.js'

function scene() {
  const turns: (() => void)[] = []
  const clock = { nextTurn: (task: () => void) => turns.push(task) } as unknown as Clock
  const pace = new Pace(clock)
  const entered: number[] = []
  const come = async (n: number) => {
    const turn = pace.enter()
    if (turn) await turn
    entered.push(n)
  }
  const nextTurn = async () => {
    for (const task of turns.splice(0)) task()
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { turns, entered, come, nextTurn }
}

test('a few enter at once, and the others in the turns that follow, in order', async () => {
  const { turns, entered, come, nextTurn } = scene()
  for (let n = 0; n < 10; n++) void come(n)
  await Promise.resolve()
  expect(entered).toEqual([0, 1, 2, 3])
  await nextTurn()
  expect(entered).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  void come(10)
  await Promise.resolve()
  expect(entered).toHaveLength(8)
  await nextTurn()
  expect(entered).toEqual(Array.from({ length: 11 }, (_, n) => n))
  await nextTurn()
  await nextTurn()
  expect(turns).toEqual([])
})

test('whoever comes after a pause does not wait', async () => {
  const { entered, come, nextTurn } = scene()
  for (let n = 0; n < 4; n++) void come(n)
  await nextTurn()
  void come(4)
  await Promise.resolve()
  expect(entered).toHaveLength(5)
})
