// revoke: a user loses a channel, in the whole cluster.

import { type ChannelLayer, PermissionError } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import type { Scene } from '../scene.js'
import { clientSession } from './client-session.js'
import { collect, refusal } from './collect.js'

/** Everything that somebody receives in a process in one way or another. */
async function audience(layer: ChannelLayer, name: Scene['name']) {
  const [chat, news] = [layer.channel(name('chat')), layer.channel(name('news'))]
  const [alice, bob] = [name('alice'), name('bob')]
  const sessions = [clientSession(layer, alice), clientSession(layer, bob)] as const
  const stream = chat.messages({ userId: alice })
  await stream.ready
  return {
    hers: await collect(chat, { userId: alice }),
    others: [
      await collect(chat, { userId: bob }),
      await collect(chat),
      await collect(news, { userId: alice }),
    ],
    stream,
    sessions,
    close: () => {
      for (const session of sessions) session.remove()
    },
  }
}

/** An authFn that has not decided yet. */
function undecided() {
  const answers: ((allowed: boolean) => void)[] = []
  const authFn = () => new Promise<boolean>((resolve) => answers.push(resolve))
  return { answers, authFn }
}

export const revoking: Topic<Scene> = {
  name: 'layer: revoke',
  cases: [
    {
      title: 'ends what the user receives of the channel, in every process, and nothing else',
      async run({ name, layers, reported, expect }) {
        const [one, other] = await layers()
        const processes = [await audience(one, name), await audience(other, name)]
        for (const { sessions } of processes) await sessions[0].ready()
        const chat = one.channel(name('chat'))
        await chat.publish('before')
        for (const { hers } of processes) await hers.count(1)
        await chat.revoke(name('alice'))
        expect(processes[0]?.hers.subscription.active).toBe(false)
        await until('the end elsewhere', () => !processes[1]?.hers.subscription.active)
        await chat.publish('after')
        await one.channel(name('news')).publish('after')
        for (const { hers, others, stream, sessions, close } of processes) {
          // What was read ahead is not handed out either.
          const error = await stream.next().catch((error: unknown) => error)
          expect(error instanceof PermissionError).toBe(true)
          expect(await stream.next()).toEqual({ done: true, value: undefined })
          for (const each of others) {
            await until('what others receive', () => each.data().at(-1) === 'after')
            expect(each.subscription.active).toBe(true)
          }
          expect(hers.data()).toEqual(['before'])
          const [alice, bob] = sessions
          expect([alice.revoked, bob.revoked]).toEqual([[chat.name], []])
          expect([alice.ends, bob.ends]).toEqual([[], []])
          close()
        }
        for (const { error, operation, channel } of reported) {
          expect([operation, channel]).toEqual(['revoked', chat.name])
          expect((error as PermissionError).userId).toBe(name('alice'))
        }
        expect(reported.length).toBe(2)
      },
    },
    {
      title: 'no callback starts after it, not even the next message',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel<number>(name('chat'))
        const heard: number[] = []
        const revoking: Promise<void>[] = []
        await chat.subscribe(
          ({ data }) => {
            heard.push(data)
            revoking.push(chat.revoke('alice'))
          },
          { userId: 'alice' },
        )
        const seen = await collect(chat, { userId: 'bob' })
        await Promise.all([chat.publish(1), chat.publish(2)])
        await seen.count(2)
        await Promise.all(revoking)
        expect(heard).toEqual([1])
      },
    },
    {
      title: 'a yes that was asked for before it does not count, here and elsewhere',
      async run({ name, layers, reported, expect }) {
        const [one, other] = await layers()
        const { answers, authFn } = undecided()
        const [here, there] = [one, other].map((layer) => layer.channel(name('chat'), { authFn }))
        if (!here || !there) return
        const alice = { userId: name('alice'), joinPresence: true }
        const heard: unknown[] = []
        const pending = [here, there].flatMap((chat) => [
          refusal(() => chat.subscribe(({ data }) => heard.push(data), alice)),
          refusal(() => chat.messages({ userId: alice.userId }).ready),
        ])
        const bob = here.subscribe(() => {}, { userId: name('bob') })
        await until('the questions', () => answers.length === 5)
        await here.revoke(alice.userId)
        // Nobody waits for the answers.
        expect(await Promise.all(pending)).toEqual(pending.map(() => 'permission-denied'))
        for (const answer of answers) answer(true)
        await bob
        await here.publish(1)
        await turns()
        expect(heard).toEqual([])
        expect([here.localSubscriberCount, there.localSubscriberCount]).toEqual([1, 0])
        expect(await here.presence()).toEqual([])
        expect(reported).toEqual([])
      },
    },
    {
      title: 'one that is attached and still joins presence is refused, and leaves',
      async run({ name, faultyLayer, reported, expect }) {
        const { layer, faulty } = await faultyLayer()
        const chat = layer.channel(name('chat'))
        faulty.slow('put')
        const pending = refusal(() =>
          chat.subscribe(() => {}, { userId: name('alice'), joinPresence: true }),
        )
        // The put takes a few turns; looked at in each, so that it is not over yet.
        while (chat.localSubscriberCount === 0) await turns(1)
        await chat.revoke(name('alice'))
        expect(chat.localSubscriberCount).toBe(0)
        expect(await pending).toBe('permission-denied')
        expect(await chat.presence()).toEqual([])
        expect(reported).toEqual([])
      },
    },
    {
      title: 'who subscribes again is asked for again, and stays if the answer is yes',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const alice = name('alice')
        let allowed: unknown = true
        let asked = 0
        const authFn = () => {
          asked++
          return allowed
        }
        const [here, there] = [one, other].map((layer) => layer.channel(name('chat'), { authFn }))
        if (!here || !there) return
        const first = [
          await collect(here, { userId: alice }),
          await collect(there, { userId: alice }),
        ]
        allowed = false
        await here.revoke(alice)
        await until('the end elsewhere', () => !first[1]?.subscription.active)
        for (const chat of [here, there]) {
          const refused = await refusal(() => chat.subscribe(() => {}, { userId: alice }))
          expect(refused).toBe('permission-denied')
        }
        expect(asked).toBe(4)
        allowed = true
        const again = [
          await collect(here, { userId: alice }),
          await collect(there, { userId: alice }),
        ]
        await here.publish(1)
        for (const each of again) expect(await each.count(1)).toEqual([1])
        expect(asked).toBe(6)
      },
    },
    {
      title: 'who subscribes in this process when it has resolved is not ended by its echo',
      async run({ name, layers, rounds, expect }) {
        const [one, other] = await layers()
        const witness = clientSession(other, name('alice'))
        await witness.ready()
        const chat = one.channel(name('chat'))
        for (let round = 1; round <= Math.min(rounds, 20); round++) {
          await chat.revoke(name('alice'))
          const { subscription } = await collect(chat, { userId: name('alice') })
          await until('it elsewhere', () => witness.revoked.length === round)
          await turns()
          expect(subscription.active).toBe(true)
          await subscription.unsubscribe()
        }
        witness.remove()
      },
    },
    {
      title: 'presence that a subscription brought leaves with it, and nobody else’s',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const [alice, bob] = [name('alice'), name('bob')]
        for (const layer of [one, other]) {
          for (const userId of [alice, bob]) {
            await layer.channel(chat.name).subscribe(() => {}, { userId, joinPresence: true })
          }
        }
        expect(await chat.presenceCount()).toBe(2)
        await other.channel(chat.name).revoke(alice)
        await until('alone', async () => (await chat.presenceCount()) === 1)
        expect((await chat.presence()).map(({ userId }) => userId)).toEqual([bob])
      },
    },
    {
      title: 'of a stranger it changes nothing; subscriptions are no sessions',
      async run({ name, layers, reported, expect }) {
        const [one, other] = await layers()
        const chat = one.channel(name('chat'))
        const seen = [
          await collect(chat, { userId: name('alice') }),
          await collect(other.channel(chat.name), { userId: name('alice') }),
        ]
        expect([one.stats().sessions, other.stats().sessions]).toEqual([0, 0])
        await chat.revoke(name('nobody'))
        await other.channel(name('elsewhere')).revoke(name('alice'))
        await one.disconnectUser(name('alice'))
        await chat.publish(1)
        for (const each of seen) expect(await each.count(1)).toEqual([1])
        expect(reported).toEqual([])
      },
    },
  ],
}
