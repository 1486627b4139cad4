// Listeners that are async where they should not be, and what they must be told.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

const text = (error: unknown) => (error as Error).message

export const listeners: Topic<Scene> = {
  name: 'layer: listeners',
  cases: [
    {
      title: 'an async filter lets nothing through, whatever it resolves to, and is reported',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const heard: string[] = []
        const filters: Readonly<Record<string, () => unknown>> = {
          yes: async () => true,
          no: async () => false,
          rejects: () => Promise.reject(new Error('filter failed')),
          // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
          thenable: () => ({ then: (done?: (value: boolean) => void) => done?.(true) }),
        }
        for (const [kind, filterFn] of Object.entries(filters)) {
          await chat.subscribe(() => heard.push(kind), { filterFn })
        }
        const witness = await collect(chat)
        await chat.publish(1)
        await witness.count(1)
        // One for each filter, and the rejection that nobody else would hear.
        await until('five reports', () => reported.length === 5)
        await turns()
        expect(heard).toEqual([])
        expect(reported.length).toBe(5)
        expect(new Set(reported.map(({ operation }) => operation))).toEqual(new Set(['filter']))
        expect(reported.map(({ error }) => text(error))).toContain('filter failed')
        const codes = reported.map(({ error }) => (error as { code?: string }).code)
        expect(codes.filter((code) => code === 'invalid-option').length).toBe(4)
      },
    },
    {
      title: 'async listeners of status, resets and presence that reject are reported',
      async run({ name, faultyLayer, reported, expect }) {
        const { layer, faulty } = await faultyLayer()
        const fail = (what: string) => Promise.reject(new Error(what))
        const stop = layer.onStatus((() => fail('status')) as () => void)
        await layer.connect()
        stop()
        const chat = layer.channel(name('chat'))
        const onReset = () => fail('reset') as unknown as undefined
        const seen = await collect(chat, { onReset })
        await chat.publish(1)
        await seen.count(1)
        faulty.truncate()
        faulty.gap(name('chat'))
        await chat.onPresence(() => ({
          // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
          then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error('presence')),
        }))
        const heard = () => reported.map(({ error, operation }) => `${operation}: ${text(error)}`)
        const wanted = ['onPresence: presence', 'onReset: reset', 'onStatus: status']
        // Two changes of state until it is connected.
        await until('all kinds', () => new Set(heard()).size === wanted.length)
        expect([...new Set(heard())].sort()).toEqual(wanted)
      },
    },
    {
      title: 'an async onError that rejects: the console hears of both errors, and nobody else',
      async run({ name, layer, expect }) {
        const { error: before } = console
        const lines: unknown[][] = []
        console.error = (...parts) => lines.push(parts)
        try {
          const onError = (() => Promise.reject(new Error('onError failed'))) as () => void
          const chat = (await layer({ onError })).channel(name('chat'))
          await chat.subscribe(() => {
            throw new Error('callback failed')
          })
          const witness = await collect(chat)
          await chat.publish(1)
          await witness.count(1)
          await until('both lines', () => lines.length >= 2)
          const told = lines.map((parts) => text(parts.at(-1)))
          expect(told.sort()).toEqual(['callback failed', 'onError failed'])
        } finally {
          console.error = before
        }
      },
    },
    {
      title: 'since what the log no longer reaches is never silent: onReset, or a loop’s onError',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const first = await chat.publish(1)
        const since = { epoch: 'gone', offset: 7 }
        const reset = { position: { epoch: first.epoch, offset: 1 }, missed: null }
        const resets: unknown[] = []
        const onReset = (event: unknown) => resets.push(event)
        const seen = await collect(chat, { since, onReset })
        expect(seen.subscription.recovered).toEqual({ count: 0, truncated: true })
        expect(resets).toEqual([reset])
        const handling = chat.messages({ since, onReset })
        await handling.ready
        expect(resets).toEqual([reset, reset])
        expect(reported).toEqual([])
        const silent = chat.messages({ since })
        await silent.ready
        expect(reported.map(({ error }) => (error as { code?: string }).code)).toEqual([
          'history-reset',
        ])
        expect(reported[0]?.channel).toBe(chat.name)
        for (const stream of [handling, silent]) await stream.return()
      },
    },
  ],
}
