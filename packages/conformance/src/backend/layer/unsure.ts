// A process that may have missed whom to disconnect or revoke: whoever may be concerned comes back and
// is asked for again, a few at a time.

import { ChanError } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { clientSession } from './client-session.js'
import { collect, refusal } from './collect.js'

const CONTROL_CHANNEL = '\u0001chan:control'
const down = () => new ChanError('unavailable', 'The store is down.', 'Try again.')

async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms)
  await turns(5)
}

export const unsure: Topic<Scene> = {
  name: 'layer: commands that may have been missed',
  cases: [
    {
      title: 'sessions end over 10 s, and the server’s own subscriptions are asked for again',
      async run({ name, faultyLayer, layer, reported, expect }) {
        const clock = new ManualClock()
        const { layer: one, faulty } = await faultyLayer({ clock })
        const other = await layer()
        const [alice, bob] = [name('alice'), name('bob')]
        const users = new Set([alice, bob])
        const chat = one.channel(name('chat'), {
          authFn: (_name, userId) => users.has(userId ?? ''),
        })
        const hers = await collect(chat, { userId: alice })
        const stream = chat.messages({ userId: alice })
        const his = await collect(chat, { userId: bob })
        const anonymous = await collect(one.channel(name('open')))
        await stream.ready
        const sessions = upTo(20).map((n) => clientSession(one, name(`user-${n}`)))
        await sessions[0]?.ready()
        faulty.deaf = true
        users.delete(alice)
        await other.channel(chat.name).revoke(alice)
        faulty.truncate()
        faulty.gap(CONTROL_CHANNEL)
        await until('the loss', () => one.stats().resets === 1)
        const later = clientSession(one, name('user-1'))
        const over = () => sessions.filter(({ ends }) => ends.length > 0).length
        expect(over()).toBe(0)
        let before = 0
        for (let step = 1; step <= 100; step++) {
          await pass(clock, 100)
          expect(over() - before).toBeLessThan(2)
          before = over()
          if (step === 50) expect(Math.abs(before - 10)).toBeLessThan(4)
        }
        expect(sessions.map(({ ends }) => ends)).toEqual(sessions.map(() => ['unsure']))
        expect(later.ends).toEqual([])
        expect(hers.subscription.active).toBe(false)
        expect(await refusal(() => stream.next())).toBe('permission-denied')
        await chat.publish(1)
        await one.channel(name('open')).publish(1)
        expect(await his.count(1)).toEqual([1])
        expect(await anonymous.count(1)).toEqual([1])
        expect(reported.map(({ operation }) => operation)).toEqual(['revoked'])
        later.remove()
      },
    },
    {
      title: 'nobody is ended where continuity was lost and nothing was missed',
      async run({ name, faultyLayer, layer, expect }) {
        const clock = new ManualClock()
        const { layer: one, faulty } = await faultyLayer({ clock })
        const session = clientSession(one, name('alice'))
        await session.ready()
        await (await layer()).channel(name('chat')).revoke(name('alice'))
        await until('the command', () => session.revoked.length === 1)
        faulty.truncate()
        faulty.gap(CONTROL_CHANNEL)
        await until('the loss', () => one.stats().resets === 1)
        await pass(clock, 10_000)
        expect(session.ends).toEqual([])
        session.remove()
      },
    },
    {
      title:
        'listening that failed is tried again by the next; who relied on it is ended or refused',
      async run({ name, faultyLayer, layer, reported, expect }) {
        const clock = new ManualClock()
        const { layer: one, faulty } = await faultyLayer({ clock })
        const other = await layer()
        await one.connect()
        faulty.fail('watch', down())
        const early = clientSession(one, name('alice'))
        let isReady = false
        const ready = early.ready().then(() => {
          isReady = true
        })
        await until('the failure', () => reported.length === 1)
        expect([reported[0]?.operation, isReady]).toEqual(['control', false])
        await pass(clock, 100)
        await ready
        expect(early.ends).toEqual(['unsure'])
        let asked = 0
        const authFn = () => ++asked > 0
        const chat = one.channel(name('chat'), { authFn })
        const subscribing = () => chat.subscribe(() => {}, { userId: name('bob') })
        faulty.fail('watch', down())
        expect(await refusal(subscribing)).toBe('unavailable')
        expect(asked).toBe(0)
        // Where nobody is asked, too.
        const open = one.channel(name('open'))
        const { subscription } = await collect(open)
        faulty.fail('watch', down())
        expect(await refusal(() => open.subscribe(() => {}, { userId: name('bob') }))).toBe(
          'unavailable',
        )
        expect(open.localSubscriberCount).toBe(1)
        await subscription.unsubscribe()
        const later = clientSession(one, name('alice'))
        await later.ready()
        expect(await refusal(subscribing)).toBe(null)
        await other.disconnectUser(name('alice'))
        await until('the end', () => later.ends.length > 0)
        expect(later.ends).toEqual(['disconnected'])
        expect(reported.length).toBe(1)
      },
    },
  ],
}
