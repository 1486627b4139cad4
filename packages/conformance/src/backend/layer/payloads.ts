// What may be published, and what comes out.

import type { Topic } from '../../cases.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

const circular: Record<string, unknown> = {}
circular.self = circular
const refused: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['a function', () => {}],
  ['a symbol', Symbol('s')],
  ['a BigInt', 1n],
  ['a nested BigInt', { deep: [1n] }],
  ['a cycle', circular],
  ['a toJSON that gives nothing', { toJSON: () => undefined }],
  [
    'a getter that throws',
    {
      get x() {
        throw new Error('getter')
      },
    },
  ],
]

const accepted: readonly (readonly [string, unknown, unknown])[] = [
  ['null', null, null],
  ['0', 0, 0],
  ['an empty string', '', ''],
  ['false', false, false],
  ['an empty array', [], []],
  ['nested data', { a: [{ b: { c: [1, [2, [3]]] } }] }, { a: [{ b: { c: [1, [2, [3]]] } }] }],
  ['a Date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
  ['nested undefined and functions', { a: undefined, b: () => {}, c: [undefined] }, { c: [null] }],
  ['NaN and infinity', [Number.NaN, Number.POSITIVE_INFINITY], [null, null]],
  ['a lone surrogate', '\ud800', '\ud800'],
  ['NUL and line separators', '\u0000\u2028\u2029', '\u0000\u2028\u2029'],
  ['emoji', '👩‍👩‍👧', '👩‍👩‍👧'],
  [
    'a key named __proto__',
    JSON.parse('{"__proto__":{"x":1}}'),
    JSON.parse('{"__proto__":{"x":1}}'),
  ],
]

export const payloads: Topic<Scene> = {
  name: 'layer: payloads',
  cases: [
    {
      title: 'data comes out as JSON has it',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const seen = await collect(other.channel(name('chat')))
        for (const [what, data, result] of accepted) {
          const message = await one.channel(name('chat')).publish(data)
          expect([what, message.data]).toEqual([what, result])
        }
        await seen.count(accepted.length)
        expect(seen.data()).toEqual(accepted.map(([, , result]) => result))
        const history = await other.channel(name('chat')).history()
        expect(history.map((message) => message.data)).toEqual(seen.data())
        expect(({} as { x?: unknown }).x).toBe(undefined)
      },
    },
    {
      title: 'what JSON cannot express is refused before anything is delivered',
      async run({ name, layer, expect, reported }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const seen = await collect(chat)
        const group = one.group(name('group'))
        await group.add(name('chat'))
        for (const [what, data] of refused) {
          expect([what, await refusal(() => chat.publish(data))]).toEqual([what, 'invalid-payload'])
          expect([what, await refusal(() => group.publish(data))]).toEqual([
            what,
            'invalid-payload',
          ])
        }
        await chat.publish('fine')
        await seen.count(1)
        expect(seen.data()).toEqual(['fine'])
        expect(seen.messages[0]?.offset).toBe(1)
        expect(reported).toEqual([])
      },
    },
    {
      title: '1 MiB is published, one byte more is refused; the layer may say otherwise',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const seen = await collect(chat)
        const fits = 'x'.repeat(1_048_576 - 2)
        await chat.publish(fits)
        expect(await refusal(() => chat.publish(`${fits}x`))).toBe('payload-too-large')
        // Bytes count, not characters.
        expect(await refusal(() => chat.publish('é'.repeat(600_000)))).toBe('payload-too-large')
        expect(((await seen.count(1))[0] as string).length).toBe(fits.length)
        const small = (await layer({ maxMessageBytes: 10 })).channel(name('chat'))
        expect(await refusal(() => small.publish('12345678'))).toBe(null)
        expect(await refusal(() => small.publish('123456789'))).toBe('payload-too-large')
        await seen.count(2)
      },
    },
    {
      title: 'the data is taken at the call: changing it later changes nothing',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel<{ n: number }>(name('chat'))
        const group = one.group(name('group'))
        await group.add(name('chat'))
        const data = { n: 1 }
        const publishing: Promise<unknown>[] = [chat.publish(data)]
        data.n = 2
        publishing.push(group.publish(data))
        data.n = 3
        await Promise.all(publishing)
        const history = await chat.history()
        expect(history.map((message) => message.data.n).sort()).toEqual([1, 2])
      },
    },
    {
      title: 'subscribers of a process share one frozen value',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel<{ list: number[] }>(name('chat'))
        const seen = [await collect(chat), await collect(chat)]
        await chat.publish({ list: [1] })
        for (const each of seen) await each.count(1)
        const [a, b] = seen.map((each) => each.messages[0]?.data as { list: number[] })
        expect(a === b).toBe(true)
        expect(Object.isFrozen(a) && Object.isFrozen(a?.list)).toBe(true)
      },
    },
  ],
}
