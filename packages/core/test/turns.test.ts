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

  test('abandon rejects what never settles', async () => {
    const turns = new Turns()
    const stuck = turns.run('a', () => new Promise(() => {}))
    const settled = turns.settled()
    turns.abandon(new Error('closed'))
    await expect(stuck).rejects.toThrow('closed')
    await settled
  })
})
