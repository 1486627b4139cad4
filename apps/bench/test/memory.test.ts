import { describe, expect, it } from 'vitest'
import { timeOf } from '../src/memory/job.js'

describe('time per publish', () => {
  const job = { subscribers: 3, publishes: 25, batch: 10, awaited: false }

  it.each([true, false])('covers every callback, also late ones, awaited: %s', async (awaited) => {
    let heard = 0
    const published: number[] = []
    const publish = (n: number) => {
      published.push(n)
      setTimeout(() => {
        heard += 3
      }, 5)
    }
    expect(await timeOf({ publish, heard: () => heard }, { ...job, awaited })).toBeGreaterThan(0)
    expect(heard).toBe(75)
    expect(published).toEqual(Array.from({ length: 25 }, (_, n) => n))
  })

  it('is none where too much is heard', async () => {
    let heard = 0
    const publish = () => {
      heard += 4
    }
    await expect(timeOf({ publish, heard: () => heard }, job)).rejects.toThrow('More was heard')
  })
})
