// Whoever waits is let go at the next opening, and nobody before it.

import { expect, test } from 'vitest'
import { Latch } from '../src/model/latch.js'
import { turn } from './feed-scene.js'

function waiting(latch: Latch) {
  const through: number[] = []
  return { through, wait: (who: number) => void latch.wait().then(() => through.push(who)) }
}

test('opening lets go of all who wait, in the order they came', async () => {
  const latch = new Latch()
  const { through, wait } = waiting(latch)
  wait(1)
  wait(2)
  await turn()
  expect(through).toEqual([])
  latch.open()
  await turn()
  expect(through).toEqual([1, 2])
})

test('opening where nobody waits is not remembered', async () => {
  const latch = new Latch()
  latch.open()
  latch.open()
  const { through, wait } = waiting(latch)
  wait(1)
  await turn()
  expect(through).toEqual([])
  latch.open()
  await turn()
  expect(through).toEqual([1])
})

test('it is closed again after each opening, also to who comes back at once', async () => {
  const latch = new Latch()
  const { through, wait } = waiting(latch)
  void latch.wait().then(() => {
    through.push(1)
    wait(2)
  })
  latch.open()
  await turn()
  expect(through).toEqual([1])
  latch.open()
  await turn()
  expect(through).toEqual([1, 2])
})
