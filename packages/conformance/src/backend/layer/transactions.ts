// B12, as users see it: what is published in a transaction comes with its commit, or not at all.

import type { ChannelLayer, Transaction } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'
import { schema } from './schemas.js'

/** A door that a case opens. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}

/** Answers late about texts that say so, at once about the rest, and lets no number pass. */
const picky = (opened: Promise<void>) =>
  schema<unknown>((value) => {
    if (typeof value === 'number') return { issues: [{ message: 'no numbers' }] }
    return String(value).startsWith('late') ? opened.then(() => ({ value })) : { value }
  })

const shown = async (layer: ChannelLayer, channel: string) =>
  (await layer.channel(channel).history()).map(({ data }) => data)

export const transactions: Topic<Scene> = {
  name: 'layer: transactions',
  cases: [
    {
      title: 'B12 publishes of a transaction reach everybody after it, in order, and nobody before',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const [chat, side] = [one.channel(name('chat')), one.channel(name('side'))]
        const seen = await Promise.all([collect(chat), collect(other.channel(name('chat')))])
        const answer = await one.transaction(async (tx) => {
          const message = await chat.publish({ a: 1 }, { tx, sender: 'alice', id: 'i' })
          const { channel, data, sender, id, offset, epoch } = message
          expect({ channel, data, sender, id, offset, epoch }).toEqual({
            channel: chat.name,
            data: { a: 1 },
            sender: 'alice',
            id: 'i',
            offset: undefined,
            epoch: undefined,
          })
          for (const n of upTo(10)) {
            await chat.publish(n, { tx })
            await side.publish(n, { tx })
          }
          expect(await shown(other, chat.name)).toEqual([])
          return message
        })
        for (const each of seen) {
          expect(await each.count(11)).toEqual([{ a: 1 }, ...upTo(10)])
          expect(each.messages.map(({ offset }) => offset)).toEqual(upTo(11))
          const { sender, id, timestamp } = each.messages[0] ?? {}
          expect([sender, id, timestamp]).toEqual(['alice', 'i', answer.timestamp])
        }
        await until('the side', async () => (await shown(other, side.name)).length === 10)
        expect(await shown(other, side.name)).toEqual(upTo(10))
      },
    },
    {
      title: 'B12 a function that throws, at once or later: its error, and nothing published',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const seen = await collect(chat)
        const error = new Error('changed my mind')
        const functions: readonly ((tx: Transaction) => unknown)[] = [
          () => {
            throw error
          },
          (tx) => {
            void chat.publish('dropped', { tx })
            throw error
          },
          async (tx) => {
            await chat.publish('dropped', { tx })
            throw error
          },
        ]
        for (const fn of functions) {
          const failed = await one.transaction(fn).catch((reason: unknown) => reason)
          expect(failed === error).toBe(true)
        }
        expect(await one.transaction(() => 'not async')).toBe('not async')
        await one.transaction((tx) => chat.publish('kept', { tx }))
        await seen.count(1)
        await turns()
        expect(seen.data()).toEqual(['kept'])
        expect(seen.messages[0]?.offset).toBe(1)
      },
    },
    {
      title:
        'B12 publishes that nobody awaits belong to the transaction, in the order of the calls',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const { open, opened } = gate()
        const chat = one.channel<string>(name('chat'), { schema: picky(opened) as never })
        const seen = await collect(other.channel(name('chat')))
        // The layer is not connected yet, and the first message is late.
        const ending = one.transaction((tx) => {
          for (const text of ['late 1', '2', 'late 3', '4', '5']) void chat.publish(text, { tx })
        })
        await turns()
        expect(await shown(other, chat.name)).toEqual([])
        open()
        await ending
        expect(await seen.count(5)).toEqual(['late 1', '2', 'late 3', '4', '5'])
      },
    },
    {
      title: 'B12 a publish that fails makes its transaction fail, awaited or not, caught or not',
      async run({ name, layer, expect }) {
        const one = await layer({ maxMessageBytes: 100 })
        const { open, opened } = gate()
        open()
        const chat = one.channel<unknown>(name('chat'))
        const choosy = one.channel<unknown>(name('choosy'), { schema: picky(opened) as never })
        const cursors = one.channel(name('cursors'), { ephemeral: true })
        const bad: Readonly<Record<string, (tx: Transaction) => Promise<unknown>>> = {
          'invalid-payload': (tx) => chat.publish(undefined, { tx }),
          'payload-too-large': (tx) => chat.publish('x'.repeat(100), { tx }),
          'schema-rejected': (tx) => choosy.publish(5, { tx }),
          'invalid-option': (tx) => chat.publish(1, { tx, ephemeral: true }),
        }
        const manners: readonly ((call: Promise<unknown>) => unknown)[] = [
          (call) => call,
          (call) => call.then(undefined, () => 'caught'),
          () => 'not awaited',
        ]
        for (const [code, publish] of Object.entries(bad)) {
          for (const manner of manners) {
            const failing = one.transaction(async (tx) => {
              void chat.publish('dropped', { tx })
              await manner(publish(tx))
              await chat.publish('dropped', { tx })
            })
            expect([code, await refusal(() => failing)]).toEqual([code, code])
          }
        }
        const byChannel = one.transaction((tx) => cursors.publish(1, { tx }))
        expect(await refusal(() => byChannel)).toBe('invalid-option')
        await one.transaction(async (tx) => {
          await cursors.publish('stored', { tx, ephemeral: false })
          await chat.publish('kept', { tx })
        })
        await until('the last', async () => (await shown(one, chat.name)).length > 0)
        expect(await shown(one, chat.name)).toEqual(['kept'])
        await until('the other', async () => (await shown(one, cursors.name)).length > 0)
      },
    },
    {
      title: 'B12 a transaction waits for no direct publish, and none for it',
      async run({ name, layer, expect }) {
        const one = await layer()
        const { open, opened } = gate()
        const chat = one.channel<string>(name('chat'), { schema: picky(opened) as never })
        const seen = await collect(chat)
        const direct = [chat.publish('late direct'), chat.publish('direct')]
        await one.transaction((tx) => chat.publish('first', { tx }))
        expect(await seen.count(1)).toEqual(['first'])
        const long = gate()
        const running = one.transaction(async (tx) => {
          await chat.publish('last', { tx })
          await long.opened
        })
        open()
        await Promise.all(direct)
        expect(await seen.count(3)).toEqual(['first', 'late direct', 'direct'])
        long.open()
        await running
        expect((await seen.count(4)).at(-1)).toBe('last')
      },
    },
    {
      title: 'B12 transactions interleave, and one inside another is its own',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const seen = await collect(other.channel(name('chat')))
        const step = async (tx: Transaction, who: string) => {
          for (const n of upTo(5)) {
            await chat.publish(`${who} ${n}`, { tx })
            await turns(1)
          }
        }
        await Promise.all([
          one.transaction((tx) => step(tx, 'a')),
          one
            .transaction(async (tx) => {
              await step(tx, 'dropped')
              await one.transaction((inner) => step(inner, 'inner'))
              throw new Error('rolled back')
            })
            .catch(() => {}),
          one.transaction((tx) => step(tx, 'b')),
        ])
        await seen.count(15)
        await turns()
        const data = seen.data() as string[]
        expect(data.length).toBe(15)
        for (const who of ['a', 'b', 'inner']) {
          expect(data.filter((text) => text.startsWith(who))).toEqual(
            upTo(5).map((n) => `${who} ${n}`),
          )
        }
      },
    },
    {
      title: 'B12 what is no transaction is refused, and so is one that has ended, and a group',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const group = one.group(name('group'))
        await group.add(chat.name)
        for (const tx of [null, 5, 'tx', {}, { query: 'SELECT 1' }]) {
          const code = await refusal(() => chat.publish(1, { tx: tx as never }))
          expect([tx, code]).toEqual([tx, 'invalid-option'])
        }
        for (const fn of [undefined, null, 5]) {
          expect(await refusal(() => one.transaction(fn as never))).toBe('invalid-option')
        }
        let kept: Transaction | undefined
        await one.transaction(async (tx) => {
          kept = tx
          expect(await refusal(() => group.publish(1, { tx } as never))).toBe('invalid-option')
        })
        const tx = kept as Transaction
        expect(await refusal(() => chat.publish(1, { tx }))).toBe('invalid-option')
        expect(await refusal(() => tx.query('SELECT 1'))).toBe('invalid-option')
        expect(await chat.history()).toEqual([])
      },
    },
    {
      title: 'B12 an id counts across publishes in and out of transactions',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        const seen = await collect(chat)
        await chat.publish('first', { id: 'x' })
        const again = await one.transaction(async (tx) => {
          await chat.publish('second', { tx, id: 'y' })
          return chat.publish('again', { tx, id: 'x' })
        })
        expect([again.data, again.id, again.offset]).toEqual(['again', 'x', undefined])
        await seen.count(2)
        const second = await chat.publish('again', { id: 'y' })
        expect([second.data, second.offset]).toEqual(['second', 2])
        await chat.publish('end')
        expect(await seen.count(3)).toEqual(['first', 'second', 'end'])
      },
    },
    {
      title: 'B12 disconnect waits for the transactions that have begun, which go on publishing',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const seen = await collect(other.channel(name('chat')))
        const { open, opened } = gate()
        const running = one.transaction(async (tx) => {
          await opened
          expect(await refusal(() => chat.publish('direct'))).toBe('layer-closed')
          await chat.publish('in time', { tx })
          return 'done'
        })
        const [late, foreign] = [() => one.transaction(() => {}), { query: async () => ({}) }]
        let disconnected = false
        const disconnecting = one.disconnect().then(() => {
          disconnected = true
        })
        expect(await refusal(late)).toBe('layer-closed')
        expect(await refusal(() => chat.publish('late', { tx: foreign }))).toBe('layer-closed')
        await turns()
        expect(disconnected).toBe(false)
        open()
        expect(await running).toBe('done')
        await disconnecting
        expect(await seen.count(1)).toEqual(['in time'])
        expect(await refusal(late)).toBe('layer-closed')
      },
    },
    {
      title: 'B12 a transaction that outlasts the deadline is rejected, and commits nothing later',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const [one, other] = [await layer({ clock }), await layer()]
        const chat = one.channel(name('chat'))
        const { open, opened } = gate()
        let late: string | null = 'not yet'
        const running = refusal(() =>
          one.transaction(async (tx) => {
            await chat.publish('early', { tx })
            await opened
            late = await refusal(() => chat.publish('late', { tx }))
          }),
        )
        // Disconnected while it runs, not before.
        await until('the publish', () => one.stats().published === 1)
        const disconnecting = one.disconnect()
        await turns()
        clock.advance(10_000)
        expect(await running).toBe('layer-closed')
        await disconnecting
        open()
        await until('the late publish', () => late !== 'not yet')
        expect(late).toBe('layer-closed')
        await turns()
        await other.channel(name('chat')).publish('end')
        expect(await shown(other, chat.name)).toEqual(['end'])
      },
    },
    {
      title: 'B12 a store that fails: the publish says so, and the transaction does',
      async run({ name, faultyLayer, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        const down = Object.assign(new Error('down'), { code: 'unavailable' })
        faulty.fail('transaction', down)
        let called = 0
        const count = () => called++
        expect(await refusal(() => layer.transaction(count))).toBe('unavailable')
        expect(called).toBe(0)
        faulty.fail('enqueue', down)
        const first = layer.transaction(async (tx) => {
          expect(await refusal(() => chat.publish('dropped', { tx }))).toBe('unavailable')
          await chat.publish('dropped', { tx })
        })
        expect(await refusal(() => first)).toBe('unavailable')
        // Refused late, and awaited by nobody.
        faulty.fail('enqueue', down)
        const second = layer.transaction((tx) => {
          void chat.publish('dropped', { tx })
        })
        expect(await refusal(() => second)).toBe('unavailable')
        await layer.transaction((tx) => chat.publish('kept', { tx }))
        await until('it', async () => (await shown(layer, chat.name)).length > 0)
        expect(await shown(layer, chat.name)).toEqual(['kept'])
      },
    },
  ],
}
