// Callbacks and filters that fail hurt nobody but themselves.

import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

export const failures: Topic<Scene> = {
  name: 'layer: failing callbacks',
  cases: [
    {
      title: 'a callback that throws or rejects and a filter that throws: the others go on',
      async run({ name, layer, reported, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const boom = (what: string) => new Error(what)
        let filtered = 0
        const before = await collect(chat)
        await chat.subscribe(() => {
          throw boom('sync')
        })
        await chat.subscribe(async () => {
          throw boom('async')
        })
        await chat.subscribe(() => filtered++, {
          filterFn: () => {
            throw boom('filter')
          },
        })
        const after = await collect(chat)
        const message = await chat.publish('hello')
        expect(message.data).toBe('hello')
        expect(await before.count(1)).toEqual(['hello'])
        expect(await after.count(1)).toEqual(['hello'])
        await until('three reports', () => reported.length === 3)
        await turns()
        const heard = reported.map(({ error, operation, channel }) => [
          (error as Error).message,
          operation,
          channel,
        ])
        expect(heard.sort()).toEqual([
          ['async', 'callback', name('chat')],
          ['filter', 'filter', name('chat')],
          ['sync', 'callback', name('chat')],
        ])
        expect(filtered).toBe(0)
        await chat.publish('again')
        expect(await after.count(2)).toEqual(['hello', 'again'])
      },
    },
    {
      title: 'thrown values of any kind, thenables that reject, an onError that throws',
      async run({ name, layer, expect }) {
        const thrown = [undefined, null, 'text', 0, {}]
        const heard: unknown[] = []
        const one = await layer({
          onError: (error) => {
            heard.push(error)
            throw new Error('onError fails, too')
          },
        })
        const quiet = silenceConsole()
        try {
          const chat = one.channel(name('chat'))
          for (const value of thrown) {
            await chat.subscribe(() => {
              throw value
            })
          }
          await chat.subscribe(() => ({
            // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
            then: (_: unknown, reject: (reason: unknown) => void) => reject('thenable'),
          }))
          const last = await collect(chat)
          await chat.publish(1)
          expect(await last.count(1)).toEqual([1])
          await until('all reports', () => heard.length === thrown.length + 1)
          expect(heard).toEqual([...thrown, 'thenable'])
        } finally {
          quiet()
        }
      },
    },
    {
      title: 'filters choose per subscription, and a filtered message still advances the position',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel<number>(name('chat'))
        const even = await collect(chat, {
          filterFn: (message) => (message.data as number) % 2 === 0,
        })
        const all = await collect(chat)
        for (const n of [1, 2, 3, 4, 5]) await chat.publish(n)
        expect(await all.count(5)).toEqual([1, 2, 3, 4, 5])
        expect(even.data()).toEqual([2, 4])
        expect(even.subscription.position).toEqual(all.subscription.position)
      },
    },
    {
      title: 'a filter that ends its own subscription: the callback does not start',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const heard: unknown[] = []
        const controller = new AbortController()
        const filterFn = () => {
          controller.abort()
          return true
        }
        await chat.subscribe((message) => heard.push(message.data), {
          filterFn,
          signal: controller.signal,
        })
        const witness = await collect(chat)
        await chat.publish(1)
        await chat.publish(2)
        await witness.count(2)
        expect(heard).toEqual([])
      },
    },
    {
      title: 'async callbacks are started in order and not waited for',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel(name('chat'))
        const started: unknown[] = []
        let release = () => {}
        const held = new Promise<void>((resolve) => {
          release = resolve
        })
        let finished = 0
        await chat.subscribe(async (message) => {
          started.push(message.data)
          await held
          finished++
        })
        for (const n of [1, 2, 3]) await chat.publish(n)
        await until('all started', () => started.length === 3)
        expect(started).toEqual([1, 2, 3])
        expect(finished).toBe(0)
        release()
        await until('all finished', () => finished === 3)
      },
    },
  ],
}

/** The default of last resort writes to the console; a test run should not show it. */
function silenceConsole(): () => void {
  const { error } = console
  console.error = () => {}
  return () => {
    console.error = error
  }
}
