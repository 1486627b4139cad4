import { expect, test } from 'vitest'
import { Spread } from '../src/hub/spread.js'
import { ManualClock } from '../src/testing/index.js'

function setUp() {
  const clock = new ManualClock()
  const done: number[] = []
  const spread = new Spread<number>(clock, (item) => done.push(item))
  return { clock, done, spread }
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('each gets its turn within 10 s, an equal share in each step, nobody at once', async () => {
  const { clock, done, spread } = setUp()
  let over = false
  void spread.over(upTo(1_000)).then(() => {
    over = true
  })
  expect(done).toEqual([])
  for (const step of upTo(100)) {
    clock.advance(100)
    expect(done).toHaveLength(step * 10)
    await settle()
    expect(over).toBe(step === 100)
  }
  expect(done).toEqual(upTo(1_000))
  expect(clock.pending).toBe(0)
})

test('a few are as far apart as the time allows', () => {
  const { clock, done, spread } = setUp()
  void spread.over(upTo(4))
  const seen: number[] = []
  for (const _ of upTo(100)) {
    clock.advance(100)
    seen.push(done.length)
  }
  expect([1, 25, 26, 50, 51, 75, 76, 100].map((step) => seen[step - 1])).toEqual([
    1, 1, 2, 2, 3, 3, 4, 4,
  ])
})

test('who is forgotten gets no turn; who waits already keeps the one it has', async () => {
  const { clock, done, spread } = setUp()
  let [first, second] = [false, false]
  void spread.over([1, 2, 3]).then(() => {
    first = true
  })
  spread.forget(2)
  clock.advance(5_000)
  expect(done).toEqual([1])
  void spread.over([1, 3, 4]).then(() => {
    second = true
  })
  clock.advance(5_000)
  await settle()
  expect(done).toEqual([1, 1, 3])
  expect([first, second]).toEqual([true, false])
  clock.advance(5_000)
  await settle()
  expect(done).toEqual([1, 1, 3, 4])
  expect(second).toBe(true)
})

test('closed, nobody gets a turn any more and nobody waits', async () => {
  const { clock, done, spread } = setUp()
  const over = spread.over(upTo(10))
  clock.advance(100)
  spread.close()
  await over
  expect(clock.pending).toBe(0)
  clock.advance(10_000)
  expect(done).toEqual([1])
})
