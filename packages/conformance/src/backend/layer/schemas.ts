// Schemas: what is stored is what they give, and async ones do not change the order.

import { defineChannel, type StandardSchemaV1 } from '@chan/core'
import type { Topic } from '../../cases.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

type Result =
  | { readonly value: unknown }
  | { readonly issues: readonly { readonly message: string }[] }

/** A Standard Schema from a function. For other topics, too. */
export function schema<T>(
  validate: (value: unknown) => Result | Promise<Result>,
): StandardSchemaV1<T, T> {
  return { '~standard': { version: 1, vendor: 'chan-conformance', validate } } as never
}

const trimmed = schema<string>((value) =>
  typeof value === 'string' ? { value: value.trim() } : { issues: [{ message: 'not a string' }] },
)

export const schemas: Topic<Scene> = {
  name: 'layer: schemas',
  cases: [
    {
      title: 'the validated output is stored; what does not fit is refused before anything happens',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'), { schema: trimmed })
        const seen = await collect(chat)
        expect((await chat.publish('  hi ')).data).toBe('hi')
        const refused = await chat.publish(5 as never).catch((error) => error)
        expect(refused.code).toBe('schema-rejected')
        expect(refused.message).toMatch(/not a string/)
        expect(refused.details.issues).toEqual([{ message: 'not a string' }])
        expect(await refusal(() => chat.publish(undefined as never))).toBe('invalid-payload')
        expect(await seen.count(1)).toEqual(['hi'])
        expect(reported).toEqual([])
      },
    },
    {
      title: 'one that throws or rejects refuses the publish; the next goes on',
      async run({ name, layer, expect }) {
        const failing = schema<string>((value) => {
          if (value === 'throw') throw new Error('broken schema')
          if (value === 'reject') return Promise.reject(new Error('broken promise'))
          return { value }
        })
        const chat = (await layer()).channel(name('chat'), { schema: failing })
        expect(await refusal(() => chat.publish('throw'))).toBe('schema-rejected')
        expect(await refusal(() => chat.publish('reject'))).toBe('schema-rejected')
        expect((await chat.publish('fine')).offset).toBe(1)
      },
    },
    {
      title: 'an async schema keeps the call order, whatever takes longer',
      async run({ name, layer, expect }) {
        const one = await layer()
        const slow = schema<number>(async (value) => {
          const turns = 10 - ((value as number) % 10)
          for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
          return (value as number) % 13 === 0 ? { issues: [{ message: 'unlucky' }] } : { value }
        })
        const chat = one.channel(name('chat'), { schema: slow })
        const seen = await collect(chat)
        const lucky = upTo(100).filter((n) => n % 13 !== 0)
        const results = await Promise.allSettled(upTo(100).map((n) => chat.publish(n)))
        expect(results.filter((result) => result.status === 'rejected').length).toBe(7)
        expect(await seen.count(lucky.length)).toEqual(lucky)
      },
    },
    {
      title: 'a sync publish does not overtake an async one of the same channel',
      async run({ name, layer, expect }) {
        const mixed = schema<number>((value) =>
          (value as number) % 3 === 0
            ? new Promise((resolve) => setImmediate(() => resolve({ value })))
            : { value },
        )
        const chat = (await layer()).channel(name('chat'), { schema: mixed })
        await chat.publish(0)
        const messages = await Promise.all(upTo(60).map((n) => chat.publish(n)))
        expect(messages.map((message) => message.offset)).toEqual(upTo(61, 2))
      },
    },
    {
      title: 'definitions carry schemas for messages and for presence',
      async run({ name, layer, expect }) {
        const id = name('').slice(1)
        const named = schema<{ name: string }>((value) => {
          const { name } = (value ?? {}) as { name?: unknown }
          return typeof name === 'string'
            ? { value: { name } }
            : { issues: [{ message: 'no name' }] }
        })
        const chat = defineChannel(`${id}:{room}`, { message: trimmed, presence: named })
        const one = (await layer()).define(chat)
        const room = one.channel(chat({ room: 'a' }))
        expect(await refusal(() => room.publish(5 as never))).toBe('schema-rejected')
        expect((await room.publish(' x ')).data).toBe('x')
        // Also by its plain name: the definition holds for the channel, not for the reference.
        expect(await refusal(() => one.channel(`${id}:a`).publish(5))).toBe('schema-rejected')
        expect(await refusal(() => room.join('alice', {} as never))).toBe('schema-rejected')
        const record = await room.join('alice', { name: 'Alice', extra: 1 } as never)
        expect(record.name).toBe('Alice')
        expect(Object.hasOwn(record, 'extra')).toBe(false)
      },
    },
    {
      title: 'a group asks the schema of every member before it publishes to any',
      async run({ name, layer, expect }) {
        const one = await layer()
        const strict = one.channel(name('strict'), { schema: trimmed })
        const loose = one.channel(name('loose'))
        const group = one.group(name('group'))
        await group.add(name('loose'))
        await group.add(name('strict'))
        expect(await refusal(() => group.publish(5))).toBe('schema-rejected')
        expect(await loose.history()).toEqual([])
        expect(await group.publish(' both ')).toBe(2)
        expect((await strict.history()).map((message) => message.data)).toEqual(['both'])
        expect((await loose.history()).map((message) => message.data)).toEqual([' both '])
      },
    },
  ],
}
