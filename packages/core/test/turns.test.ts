import { describe, expect, test } from 'vitest'
import { Turns } from '../src/hub/turns.js'

describe('Turns', () => {
  test('keeps calls of one key in order, whatever became of earlier ones', async () => {
    const turns = new Turns()
    const steps: string[] = []
    const slow = turns.run('a', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      steps.push('slow')
      throw new Error('slow failed')
    })
    const next = turns.run('a', async () => void steps.push('next'))
    const other = turns.run('b', async () => void steps.push('other'))
    await expect(slow).rejects.toThrow('slow failed')
    await Promise.all([next, other])
    expect(steps).toEqual(['other', 'slow', 'next'])
    expect(turns.busy('a')).toBe(false)
  })

  test('a call of several keys waits for the earlier ones of each, and the later ones for it', async () => {
    const turns = new Turns()
    const steps: string[] = []
    let go = () => {}
    const gone = new Promise<void>((resolve) => (go = resolve))
    const step = (name: string) => async () => void steps.push(name)
    const all = [
      turns.run('a', () => gone.then(step('a'))),
      turns.runEach(['a', 'b'], step('a and b')),
      turns.run('b', step('b')),
      turns.runEach(['c', 'd'], step('c and d')),
    ]
    await new Promise((resolve) => setImmediate(resolve))
    expect(steps).toEqual(['c and d'])
    go()
    await Promise.all(all)
    expect(steps).toEqual(['c and d', 'a', 'a and b', 'b'])
    expect(['a', 'b', 'c', 'd'].filter((key) => turns.busy(key))).toEqual([])
  })

  test('abandon rejects what never settles', async () => {
    const turns = new Turns()
    const stuck = turns.run('a', () => new Promise(() => {}))
    const settled = turns.settled()
    turns.abandon(new Error('closed'))
    await expect(stuck).rejects.toThrow('closed')
    await settled
  })
})
