// Option by option: by name before definition before layer default.

import { defineChannel, isChanError, type StandardSchemaV1 } from '@chan/protocol'
import { describe, expect, test } from 'vitest'
import { Policies } from '../src/model/policy.js'

const yes = () => true

describe('Policies', () => {
  test('layer default, definition, name: each option from the nearest', () => {
    const policies = new Policies(100, () => {})
    policies.define('chat:*', { maxHistory: 20, authFn: yes })
    policies.setByName('chat:a', { ephemeral: true })
    policies.setByName('chat:a', { historyTtlMs: 5_000 })
    expect(policies.of('other').limits).toEqual({
      maxHistory: 100,
      historyTtlMs: null,
      explicit: false,
    })
    expect(policies.of('chat:b').ephemeral).toBe(false)
    expect(policies.of('chat:b').authFn?.('chat:b', null)).toBe(true)
    expect(policies.of('chat:a')).toMatchObject({
      ephemeral: true,
      limits: { maxHistory: 20, historyTtlMs: 5_000, explicit: true },
    })
    policies.setByName('chat:a', { maxHistory: 0, ephemeral: undefined })
    expect(policies.of('chat:a')).toMatchObject({ ephemeral: true, limits: { maxHistory: 0 } })
  })

  test('the most specific definition counts, and only one of a shape may exist', () => {
    const policies = new Policies(100, () => {})
    policies.define('*', { maxHistory: 1 })
    policies.define('chat:*', { maxHistory: 2 })
    policies.define('chat:{room}', { maxHistory: 3 })
    policies.define('chat:lobby', { maxHistory: 4 })
    const limit = (name: string) => policies.of(name).limits.maxHistory
    expect([limit('x'), limit('chat:a:b'), limit('chat:a'), limit('chat:lobby')]).toEqual([
      1, 2, 3, 4,
    ])
    expect(() => policies.define('chat:{other}', {})).toThrow(/same names/)
  })

  test('options of a class instance count, and its methods keep their object', () => {
    class Staff {
      readonly members = ['alice']
      authFn(_channel: string, userId: string | null) {
        return this.members.includes(userId ?? '')
      }
    }
    const policies = new Policies(100, () => {})
    policies.setByName('private:a', new Staff())
    policies.define('secret:*', new Staff())
    for (const name of ['private:a', 'secret:b']) {
      expect(policies.of(name).authFn?.(name, 'alice')).toBe(true)
      expect(policies.of(name).authFn?.(name, 'hacker')).toBe(false)
    }
  })

  test('a definition brings its schemas', () => {
    const schema: StandardSchemaV1<{ text: string }> = {
      '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as never }) },
    }
    const policies = new Policies(100, () => {})
    policies.define(defineChannel('chat:{room}', { message: schema, presence: schema }), {})
    expect(policies.of('chat:a')).toMatchObject({ schema, presenceSchema: schema })
    policies.define('news:*', { schema })
    expect(policies.of('news:a')).toMatchObject({ schema, presenceSchema: undefined })
    const again = defineChannel('logs:{host}', { message: schema })
    expect(() => policies.define(again, { schema })).toThrow(/has a message schema already/)
  })

  test.each([
    [{ maxHistory: -1 }],
    [{ maxHistory: 1.5 }],
    [{ maxHistory: Number.NaN }],
    [{ historyTtlMs: 0 }],
    [{ historyTtlMs: Number.POSITIVE_INFINITY }],
    [{ ephemeral: 'yes' as unknown as boolean }],
    [{ authFn: true as unknown as () => boolean }],
    [{ schema: {} as StandardSchemaV1 }],
  ])('refuses %o and names the option', (options) => {
    const policies = new Policies(100, () => {})
    const [name] = Object.keys(options)
    try {
      policies.setByName('a', options)
      expect.unreachable()
    } catch (error) {
      expect(isChanError(error, 'invalid-option')).toBe(true)
      expect(String(error)).toContain(`'${name}'`)
    }
    expect(policies.of('a').limits.explicit).toBe(false)
  })

  test('says once that too many names have options of their own, and keeps every one', () => {
    const warnings: Error[] = []
    const policies = new Policies(100, (error) => warnings.push(error))
    for (let index = 0; index <= 10_100; index++) policies.setByName(`n${index}`, { authFn: yes })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({ code: 'limit-reached' })
    expect(policies.of('n0').authFn?.('n0', null)).toBe(true)
  })
})
