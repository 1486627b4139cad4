import { isChanError } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { Lifecycle } from '../src/hub/lifecycle.js'

function setUp() {
  const control = { opens: 0, closes: 0, refuse: undefined as Error | undefined }
  const failures: unknown[] = []
  const states: string[] = []
  const lifecycle = new Lifecycle(
    async () => {
      control.opens++
      if (control.refuse) throw control.refuse
    },
    async () => void control.closes++,
    (error) => failures.push(error),
  )
  lifecycle.onStatus(({ state }) => states.push(state))
  return { control, failures, states, lifecycle }
}

describe('Lifecycle', () => {
  test('opens once for everybody, then answers without a promise', async () => {
    const { control, states, lifecycle } = setUp()
    await Promise.all([lifecycle.ready(), lifecycle.ready()])
    expect(control.opens).toBe(1)
    expect(lifecycle.ready()).toBeUndefined()
    expect(states).toEqual(['connecting', 'connected'])
  })

  test('a failed opening is told and tried again by the next call', async () => {
    const { control, states, lifecycle } = setUp()
    control.refuse = new Error('wrong password')
    await expect(lifecycle.ready()).rejects.toThrow('wrong password')
    control.refuse = undefined
    await lifecycle.ready()
    expect(states).toEqual(['connecting', 'idle', 'connecting', 'connected'])
  })

  test('closes once, refuses at once, and stays closed', async () => {
    const { control, states, lifecycle } = setUp()
    await lifecycle.ready()
    const closing = lifecycle.close()
    expect(() => lifecycle.assertUsable()).toThrow(/disconnected/)
    expect(lifecycle.close()).toBe(closing)
    await closing
    expect(control.closes).toBe(1)
    expect(lifecycle.closing.aborted).toBe(true)
    expect(isChanError(lifecycle.closing.reason, 'layer-closed')).toBe(true)
    expect(states.at(-1)).toBe('closed')
    lifecycle.announce('reconnecting')
    expect(lifecycle.state).toBe('closed')
  })

  test('a failing listener hurts neither the others nor the layer', async () => {
    const { failures, states, lifecycle } = setUp()
    lifecycle.onStatus(() => {
      throw new Error('listener')
    })
    await lifecycle.ready()
    expect(failures).toHaveLength(2)
    expect(states).toEqual(['connecting', 'connected'])
  })
})
