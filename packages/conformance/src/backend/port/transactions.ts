// B12: what is enqueued in a transaction comes when it commits, in order, or not at all.

import { isChanError, type Transaction } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { DEFAULT_LIMITS, type EntryInit, entry, limits, upTo } from '../entry.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

const enqueue = (
  { backend }: Process,
  tx: Transaction,
  channel: string,
  data: unknown,
  init: EntryInit = {},
) => backend.enqueue(tx, channel, entry(data, init), DEFAULT_LIMITS)

/** JSON text of exactly so many bytes, most of its characters two long. */
function bodyOf(bytes: number): string {
  const inside = bytes - 2
  return JSON.stringify('é'.repeat(inside >> 1) + 'x'.repeat(inside % 2))
}

/** What a call rejects with; nothing if it does not. */
const failure = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => error,
    )

/** A transaction whose end the case decides. */
function held({ backend }: Process) {
  let commit = () => {}
  const committing = new Promise<void>((resolve) => {
    commit = resolve
  })
  let begun: (tx: Transaction) => void
  const tx = new Promise<Transaction>((resolve) => {
    begun = resolve
  })
  const ended = backend.transaction(async (own) => {
    begun(own)
    await committing
  })
  // Heard when the case asks for it.
  ended.catch(() => {})
  return { tx, commit: () => commit(), ended }
}

export const transactions: Topic<Scene> = {
  name: 'transactions',
  cases: [
    {
      title: 'B12 what was enqueued comes to every process after the commit, in order, as it is',
      async run({ name, pair, expect }) {
        const [channel, other] = [name('chat'), name('other')]
        const [one, elsewhere] = await pair()
        const followers = [await one.follow(channel), await elsewhere.follow(channel)]
        const beside = await elsewhere.follow(other)
        const init = { sender: 'bob', timestamp: 1_700_000_000.125, id: 'id-1', body: '[ "x" ]' }
        const answer = await one.backend.transaction(async (tx) => {
          await enqueue(one, tx, channel, 0, init)
          for (const n of upTo(20)) {
            await enqueue(one, tx, channel, n)
            await enqueue(one, tx, other, n)
          }
          return 'answer'
        })
        expect(answer).toBe('answer')
        for (const follower of followers) {
          await follower.count(21)
          expect(follower.data).toEqual([['x'], ...upTo(20)])
          expect(follower.offsets).toEqual(upTo(21))
          const [first] = follower.messages
          const { sender, timestamp, id, body } = first ?? {}
          expect({ sender, timestamp, id, body }).toEqual(init)
        }
        await beside.count(20)
        expect(beside.data).toEqual(upTo(20))
        expect(await elsewhere.history(channel)).toEqual([['x'], ...upTo(20)])
      },
    },
    {
      title: 'B12 before the commit nobody sees anything of it',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        const transaction = held(one)
        for (const n of upTo(3)) await enqueue(one, await transaction.tx, channel, n)
        await turns()
        expect(await other.history(channel)).toEqual([])
        expect(follower.messages).toEqual([])
        transaction.commit()
        await transaction.ended
        await follower.count(3)
        expect(follower.data).toEqual(upTo(3))
      },
    },
    {
      title: 'B12 a transaction that fails leaves nothing, and rejects with its very reason',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        const reason = new Error('changed my mind')
        const failing = await failure(() =>
          one.backend.transaction(async (tx) => {
            await enqueue(one, tx, channel, 'dropped', { id: 'x' })
            throw reason
          }),
        )
        expect(failing === reason).toBe(true)
        // Its id is free again, and its offset as well.
        await one.backend.transaction((tx) => enqueue(one, tx, channel, 'kept', { id: 'x' }))
        await follower.count(1)
        await turns()
        expect(follower.data).toEqual(['kept'])
        expect(follower.offsets).toEqual([1])
      },
    },
    {
      title: 'B12 calls on one transaction keep their order, awaited or not',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        await one.backend.transaction(async (tx) => {
          await Promise.all(upTo(100).map((n) => enqueue(one, tx, channel, n)))
        })
        await follower.count(100)
        expect(follower.data).toEqual(upTo(100))
      },
    },
    {
      title: 'B12 an open transaction holds up nobody: not append, not another transaction',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [one, other] = await pair()
        const follower = await other.follow(channel)
        const [early, late] = [held(one), held(other)]
        await enqueue(one, await early.tx, channel, 'early 1')
        await enqueue(other, await late.tx, channel, 'late 1')
        await enqueue(one, await early.tx, channel, 'early 2')
        await one.append(channel, 'direct')
        await enqueue(other, await late.tx, channel, 'late 2')
        late.commit()
        await late.ended
        await follower.count(3)
        expect(new Set(follower.data)).toEqual(new Set(['direct', 'late 1', 'late 2']))
        await enqueue(one, await early.tx, channel, 'early 3')
        early.commit()
        await early.ended
        await follower.count(6)
        expect(follower.offsets).toEqual(upTo(6))
        for (const who of ['early', 'late']) {
          const own = (follower.data as string[]).filter((data) => data.startsWith(who))
          expect(own).toEqual([...own].sort())
        }
        expect(follower.data.slice(-3)).toEqual(['early 1', 'early 2', 'early 3'])
      },
    },
    {
      title:
        'B12 many transactions at once: each one’s order is kept, and nothing is lost or doubled',
      async run({ name, processes, rounds, expect }) {
        const channel = name('chat')
        const members = await processes(3)
        const followers = await Promise.all(members.map((member) => member.follow(channel)))
        const transactions = Math.min(rounds, 60)
        const outcomes = await Promise.all(
          upTo(transactions).map(async (number) => {
            const member = members[number % members.length] as Process
            const call = () =>
              member.backend.transaction(async (tx) => {
                for (const n of upTo(5)) {
                  await enqueue(member, tx, channel, [number, n])
                  await turns(number % 3)
                }
                if (number % 4 === 0) throw new Error('rolled back')
              })
            return (await failure(call)) === undefined ? number : null
          }),
        )
        const committed = outcomes.filter((number) => number !== null)
        expect(committed).toEqual(upTo(transactions).filter((number) => number % 4 !== 0))
        for (const follower of followers) {
          await follower.count(committed.length * 5)
          expect(follower.offsets).toEqual(upTo(committed.length * 5))
          for (const number of committed) {
            const own = (follower.data as [number, number][]).filter(([who]) => who === number)
            expect(own.map(([, n]) => n)).toEqual(upTo(5))
          }
        }
      },
    },
    {
      title: 'B12 an id counts in a transaction as well: twice in it, and known before it',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const follower = await one.follow(channel)
        const first = await one.append(channel, 'first', { id: 'x' })
        await one.backend.transaction(async (tx) => {
          await enqueue(one, tx, channel, 'again', { id: 'x' })
          await enqueue(one, tx, channel, 'second', { id: 'y' })
          await enqueue(one, tx, channel, 'again', { id: 'y' })
          await enqueue(one, tx, channel, 'end')
        })
        await follower.count(3)
        expect(follower.data).toEqual(['first', 'second', 'end'])
        const again = await one.append(channel, 'once more', { id: 'y' })
        expect([again.data, again.offset]).toEqual(['second', 2])
        expect((await one.append(channel, 'once more', { id: 'x' })).toJson()).toBe(first.toJson())
      },
    },
    {
      title: 'B12 limits travel with what is enqueued',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        await one.backend.transaction(async (tx) => {
          for (const n of upTo(5)) await one.backend.enqueue(tx, channel, entry(n), limits(2))
        })
        await until('the last', async () => (await one.history(channel)).at(-1) === 5)
        expect(await one.history(channel)).toEqual([4, 5])
      },
    },
    {
      title: 'B12 large and odd bodies pass through a transaction as they are',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const follower = await one.follow(channel)
        const bodies = [
          ...[7_999, 8_000, 8_001, 1_000_000].map(bodyOf),
          '{ "a" : 1.0, "a" : 2 }',
          JSON.stringify("'; DROP TABLE outbox; -- $1 \\ \u{1f600}"),
        ]
        await one.backend.transaction(async (tx) => {
          for (const body of bodies) await enqueue(one, tx, channel, null, { body })
        })
        await follower.count(bodies.length)
        expect(follower.messages.map(({ body }) => body)).toEqual(bodies)
      },
    },
    {
      title: 'B12 a transaction that enqueues nothing commits; one inside another is its own',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const follower = await one.follow(channel)
        expect(await one.backend.transaction(async () => 5)).toBe(5)
        const outer = await failure(() =>
          one.backend.transaction(async (tx) => {
            await enqueue(one, tx, channel, 'outer')
            await one.backend.transaction((inner) => enqueue(one, inner, channel, 'inner'))
            throw new Error('rolled back')
          }),
        )
        expect((outer as Error).message).toBe('rolled back')
        await one.append(channel, 'end')
        await follower.count(2)
        expect(new Set(follower.data)).toEqual(new Set(['inner', 'end']))
      },
    },
    {
      title: 'B12 a transaction that has ended takes nothing in and answers no query',
      async run({ name, process, expect }) {
        const channel = name('chat')
        const one = await process()
        const used: Transaction[] = []
        await one.backend.transaction(async (tx) => used.push(tx))
        await failure(() =>
          one.backend.transaction(async (tx) => {
            used.push(tx)
            throw new Error('rolled back')
          }),
        )
        await one.backend.transaction(async (next) => {
          expect(used.includes(next)).toBe(false)
          // While another one runs, which must not be mistaken for it.
          for (const tx of used) {
            for (const call of [() => enqueue(one, tx, channel, 1), () => tx.query('SELECT 1')]) {
              expect(isChanError(await failure(call), 'invalid-option')).toBe(true)
            }
          }
        })
        expect(await one.history(channel)).toEqual([])
      },
    },
    {
      title: 'B12 close and crash drop what has not committed',
      async run({ name, processes, crash, expect }) {
        const channel = name('chat')
        const [closing, crashing, staying] = (await processes(3)) as [Process, Process, Process]
        const follower = await staying.follow(channel)
        const open = [closing, crashing].map((process) => ({ process, ...held(process) }))
        for (const { process, tx } of open) await enqueue(process, await tx, channel, 'dropped')
        await closing.backend.close()
        await crash(crashing)
        for (const { process, tx, commit, ended } of open) {
          const late = await failure(async () => enqueue(process, await tx, channel, 'late'))
          expect(late).not.toBe(undefined)
          commit()
          expect(isChanError(await failure(() => ended))).toBe(true)
        }
        await staying.append(channel, 'end')
        await follower.count(1)
        expect(follower.data).toEqual(['end'])
        expect(follower.offsets).toEqual([1])
      },
    },
  ],
}
