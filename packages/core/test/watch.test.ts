// A channel is watched while it is used, some time longer, and never on and off at once.

import { START } from '@chan/protocol'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { Watch } from '../src/hub/watch.js'
import { ManualClock } from '../src/testing/index.js'

function setUp(lingerMs: number) {
  const clock = new ManualClock()
  const calls: string[] = []
  const control: { refuse: Error | undefined; idle: number; errors: unknown[] } = {
    refuse: undefined,
    idle: 0,
    errors: [],
  }
  let running = 0
  const step = async (name: string) => {
    expect(++running, 'watch and unwatch of one channel overlap').toBe(1)
    calls.push(name)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (control.refuse) throw control.refuse
  }
  const watch = new Watch({
    clock,
    lingerMs,
    prepare: () => calls.push('prepare'),
    watch: async () => {
      await step('watch')
      return START
    },
    start: () => calls.push('start'),
    unwatch: () => step('unwatch'),
    idle: () => control.idle++,
    report: (error) => control.errors.push(error),
  })
  return { clock, calls, control, watch }
}

describe('Watch', () => {
  test('is turned on once for many users, off after the last', async () => {
    const { calls, control, watch } = setUp(0)
    await Promise.all([watch.acquire(), watch.acquire(), watch.acquire()])
    expect(calls).toEqual(['prepare', 'watch', 'start'])
    expect(watch.acquire()).toBeUndefined()
    for (let user = 0; user < 4; user++) watch.release()
    expect(calls.at(-1)).toBe('unwatch')
    await waitFor(() => control.idle === 1, { deadlineMs: 1000, label: 'idle' })
  })

  test('coming back while it is let go waits for that, and turns it on again', async () => {
    const { calls, control, watch } = setUp(0)
    await watch.acquire()
    watch.release()
    await watch.acquire()
    expect(calls.filter((call) => call !== 'prepare')).toEqual([
      'watch',
      'start',
      'unwatch',
      'watch',
      'start',
    ])
    expect(control.idle).toBe(0)
  })

  test('lingers before it lets go', async () => {
    const { clock, calls, watch } = setUp(2_000)
    await watch.acquire()
    watch.release()
    clock.advance(1_999)
    expect(watch.acquire()).toBeUndefined()
    watch.release()
    clock.advance(1_999)
    expect(calls).not.toContain('unwatch')
    clock.advance(1)
    expect(calls).toContain('unwatch')
  })

  test('a refused watch reaches every waiting user and leaves nothing', async () => {
    const { control, watch } = setUp(0)
    control.refuse = new Error('no database')
    const users = await Promise.allSettled([watch.acquire(), watch.acquire()])
    expect(users.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(control.idle).toBe(1)
    control.refuse = undefined
    await watch.acquire()
    expect(watch.confirmed).toBe(true)
  })

  test('after close whoever leaves late switches nothing', async () => {
    const { calls, control, clock, watch } = setUp(0)
    await watch.acquire()
    const before = [...calls]
    watch.close()
    watch.release()
    await clock.advance(10_000)
    expect([calls, control.idle]).toEqual([before, 0])
  })
})
