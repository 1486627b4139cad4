import { expect, test } from 'vitest'
import { Lanes } from '../src/backend/lanes.js'
import { seeded } from '../src/random.js'

test('a seed repeats its numbers, which are spread over 0 to 1', () => {
  const numbers = (seed: number) => Array.from({ length: 1_000 }, seeded(seed))
  expect(numbers(7)).toEqual(numbers(7))
  expect(numbers(7)).not.toEqual(numbers(8))
  const sum = numbers(7).reduce((total, number) => total + number, 0)
  expect(sum > 450 && sum < 550).toBe(true)
  expect(numbers(7).every((number) => number >= 0 && number < 1)).toBe(true)
})

test('one lane keeps its order, different lanes overtake each other, results come back', async () => {
  const lanes = new Lanes(seeded(1))
  const started: string[] = []
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      const lane = `${n % 4}`
      return lanes.run([lane], async () => {
        started.push(`${lane}:${n}`)
        return n
      })
    }),
  )
  expect(results).toEqual(Array.from({ length: 200 }, (_, n) => n))
  for (const lane of ['0', '1', '2', '3']) {
    const own = started.filter((line) => line.startsWith(lane)).map((line) => Number(line.slice(2)))
    expect(own).toEqual([...own].sort((a, b) => a - b))
  }
  const inCallOrder = [...started].sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)))
  expect(started).not.toEqual(inCallOrder)
  expect(lanes.size).toBe(0)
})

test('a task in several lanes waits for all of them, and holds all of them up', async () => {
  for (let seed = 0; seed < 30; seed++) {
    const lanes = new Lanes(seeded(seed))
    const started: string[] = []
    const run = (name: string, ...in_: string[]) => lanes.run(in_, () => void started.push(name))
    await Promise.all([
      run('a1', 'a'),
      run('b1', 'b'),
      run('ab', 'a', 'b', 'a'),
      run('a2', 'a'),
      run('bc', 'b', 'c'),
      run('c1', 'c'),
    ])
    const at = (name: string) => started.indexOf(name)
    expect(started.length).toBe(6)
    expect([at('a1') < at('ab'), at('b1') < at('ab'), at('ab') < at('a2')]).toEqual([
      true,
      true,
      true,
    ])
    expect([at('ab') < at('bc'), at('bc') < at('c1')]).toEqual([true, true])
  }
})

test('failures come back to whom they belong, thrown or rejected, and stop nobody', async () => {
  const lanes = new Lanes(seeded(3))
  const outcomes = await Promise.allSettled([
    lanes.run(['a'], () => {
      throw new Error('thrown')
    }),
    lanes.run(['a'], () => Promise.reject(new Error('rejected'))),
    lanes.run(['a'], () => 'fine'),
  ])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
})
