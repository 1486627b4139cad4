// Nothing is waited for without end: users' own code, stores that hang, and a layer that closes.

import { type ChannelLayer, defineChannel, type } from '@chan/core'
import { servedChannel } from '@chan/core/connections'
import { ManualClock } from '@chan/core/testing'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { refusal } from './collect.js'
import { schema } from './schemas.js'

const never = () => new Promise<never>(() => {})
/** Decides about everything but 'hang'. */
const sometimes = schema<unknown>((value) => (value === 'hang' ? never() : { value }))

/** What a call came to, as soon as it did. */
function watched(call: () => Promise<unknown>) {
  const watching = { outcome: 'pending' as string | null }
  void refusal(call).then((outcome) => {
    watching.outcome = outcome
  })
  return watching
}

/** Moves time step by step, and lets what it brings about happen. */
async function pass(clock: ManualClock, ...steps: readonly number[]): Promise<void> {
  for (const ms of steps) {
    clock.advance(ms)
    await turns()
  }
}

/** Disconnects, however long that takes by the clock. */
async function disconnect(layer: ChannelLayer, clock: ManualClock): Promise<void> {
  const disconnecting = watched(() => layer.disconnect())
  await turns()
  await pass(clock, ...upTo(3).map(() => 10_000))
  await until('disconnected', () => disconnecting.outcome === null)
}

export const deadlines: Topic<Scene> = {
  name: 'layer: deadlines',
  cases: [
    {
      title: 'a schema that does not answer: unavailable after 5 s, and the next publishes go on',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const one = await layer({ clock })
        const chat = one.channel(name('chat'), { schema: sometimes })
        await one.connect()
        const [hanging, next] = [
          watched(() => chat.publish('hang')),
          watched(() => chat.publish('next')),
        ]
        await pass(clock, 4_999)
        expect([hanging.outcome, next.outcome]).toEqual(['pending', 'pending'])
        await pass(clock, 1)
        expect(hanging.outcome).toBe('unavailable')
        await until('the next', () => next.outcome === null)
        expect((await chat.history()).map(({ data }) => data)).toEqual(['next'])
      },
    },
    {
      title: 'a schema that does not answer a group holds up the other channels 5 s at most',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const one = await layer({ clock })
        let asked = false
        const hangs = schema<unknown>((value) => {
          asked ||= value === 'hang'
          return value === 'hang' ? never() : { value }
        })
        one.channel(name('member'), { schema: hangs })
        const group = one.group(name('group'))
        await group.add(name('member'))
        const hanging = watched(() => group.publish('hang'))
        const other = watched(() => one.channel(name('other')).publish('next'))
        await until('the schema was asked', () => asked)
        await pass(clock, 5_000)
        expect(hanging.outcome).toBe('unavailable')
        await until('the other channel', () => other.outcome === null)
        expect(await group.publish('fine')).toBe(1)
      },
    },
    {
      title: 'a presence schema that does not answer: the join is refused, and disconnect goes on',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const one = await layer({ clock })
        const [label = '', room = ''] = name('room').split(':')
        const presence = schema<{ hang: boolean }>((value) =>
          (value as { readonly hang: boolean }).hang ? never() : { value },
        )
        one.define(defineChannel(`${label}:{room}`, { message: type(), presence }))
        const chat = one.channel(`${label}:${room}`)
        await one.connect()
        const hanging = watched(() => chat.join('alice', { hang: true }))
        const next = watched(() => chat.join('alice', { hang: false }))
        await turns()
        await pass(clock, 5_000)
        expect(hanging.outcome).toBe('unavailable')
        await until('the next', () => next.outcome === null)
        expect(await chat.presenceCount()).toBe(1)
        const last = watched(() => chat.join('bob', { hang: true }))
        await turns()
        await disconnect(one, clock)
        expect(['unavailable', 'layer-closed']).toContain(last.outcome)
      },
    },
    {
      title: 'an authFn whose thenable never answers: unavailable after 10 s',
      async run({ name, layer, reported, expect }) {
        const clock = new ManualClock()
        // biome-ignore lint/suspicious/noThenProperty: a thenable is what this is about
        const authFn = () => ({ then() {} })
        const one = await layer({ clock })
        const chat = one.channel(name('chat'), { authFn })
        await one.connect()
        const subscribing = watched(() => chat.subscribe(() => {}))
        await turns()
        await pass(clock, 9_999)
        expect(subscribing.outcome).toBe('pending')
        await pass(clock, 1)
        expect(subscribing.outcome).toBe('unavailable')
        expect(reported.map(({ operation }) => operation)).toEqual(['auth'])
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'an authFn that never answers ends with the layer: layer-closed, in every form',
      async run({ name, layer, expect }) {
        const clock = new ManualClock()
        const one = await layer({ clock })
        const chat = one.channel(name('chat'), { authFn: never })
        await one.connect()
        const waiting = [
          watched(() => chat.subscribe(() => {})),
          watched(() => chat.messages().ready),
          watched(() => chat.messages().next()),
        ]
        await turns()
        await one.disconnect()
        await turns()
        expect(waiting.map(({ outcome }) => outcome)).toEqual(upTo(3).map(() => 'layer-closed'))
      },
    },
    {
      title: 'leaving messages() does not wait for an authFn, and keeps no subscription',
      async run({ name, layer, expect }) {
        const answers: ((allowed: boolean) => void)[] = []
        const one = await layer({ clock: new ManualClock() })
        const chat = one.channel(name('chat'), {
          authFn: () => new Promise<boolean>((resolve) => answers.push(resolve)),
        })
        const stream = chat.messages()
        const readied = stream.ready.then(
          () => 'ready',
          () => 'given up',
        )
        await until('the question', () => answers.length === 1)
        const left = watched(() => stream.return())
        await until('the end', () => left.outcome === null)
        expect(await readied).toBe('given up')
        expect(await stream.next()).toEqual({ done: true, value: undefined })
        answers[0]?.(true)
        await turns()
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'opening that hangs: disconnect gives up after 10 s, who waits hears layer-closed',
      async run({ name, faultyLayer, expect }) {
        const clock = new ManualClock()
        const { layer, faulty } = await faultyLayer({ clock })
        faulty.hang('open')
        const waiting = [
          watched(() => layer.connect()),
          watched(() => layer.channel(name('chat')).publish(1)),
          watched(() => layer.channel(name('chat')).subscribe(() => {})),
          watched(() => layer.group(name('group')).members()),
        ]
        await turns()
        await disconnect(layer, clock)
        await turns()
        expect(waiting.map(({ outcome }) => outcome)).toEqual(upTo(4).map(() => 'layer-closed'))
        expect(layer.stats().state).toBe('closed')
        expect(clock.pending).toBe(0)
      },
    },
    ...(['watch', 'read'] as const).map((call) => ({
      title: `a ${call} that hangs: subscribe rejects after 10 s and leaves nothing`,
      async run({ name, faultyLayer, expect }: Scene) {
        const clock = new ManualClock()
        const { layer, faulty } = await faultyLayer({ clock })
        const chat = layer.channel(name('chat'))
        await layer.connect()
        faulty.hang(call)
        const since = { epoch: '', offset: 0 }
        const subscribing = watched(() => chat.subscribe(() => {}, { since }))
        await turns()
        await pass(clock, 9_999)
        expect(subscribing.outcome).toBe('pending')
        await pass(clock, 1)
        expect(subscribing.outcome).toBe('unavailable')
        expect([chat.localSubscriberCount, layer.stats().subscribers]).toEqual([0, 0])
        await disconnect(layer, clock)
      },
    })),
    {
      title: 'reads that keep failing: subscribe rejects after 10 s, having reported each',
      async run({ name, faultyLayer, reported, expect }) {
        const clock = new ManualClock()
        const { layer, faulty } = await faultyLayer({ clock })
        const chat = layer.channel(name('chat'))
        await layer.connect()
        faulty.fail('read', ...upTo(1_000).map((n) => new Error(`no database ${n}`)))
        const since = { epoch: '', offset: 0 }
        const subscribing = watched(() => chat.subscribe(() => {}, { since }))
        await until('the first read', () => reported.length > 0)
        await pass(clock, ...upTo(9).map(() => 1_000), 999)
        expect(subscribing.outcome).toBe('pending')
        await pass(clock, 1)
        expect(subscribing.outcome).toBe('unavailable')
        expect(reported.length).toBeGreaterThan(1)
        expect(new Set(reported.map(({ operation }) => operation))).toEqual(new Set(['read']))
        expect(chat.localSubscriberCount).toBe(0)
        // Nobody reads any more.
        const { length } = reported
        await pass(clock, 10_000, 10_000)
        expect(reported.length).toBe(length)
      },
    },
    {
      title: 'a layer that closed before its first use opens nothing for sessions and holds',
      async run({ name, faultyLayer, reported, expect }) {
        const { layer, faulty } = await faultyLayer({ clock: new ManualClock() })
        const chat = layer.channel(name('chat'))
        await layer.disconnect()
        // Whoever opens it now waits for ever.
        faulty.hang('open')
        const served = servedChannel(chat)
        const { sessions } = served.context
        const session = { endSession: () => {}, revoke: () => {} }
        sessions.add('alice', session)
        await sessions.ready()
        const outcomes = [
          await refusal(() => served.hold('alice', 'h', {})),
          await refusal(() => served.release('alice', 'h', 'disconnected')),
          await refusal(() => served.leaveGroup(name('group'), 'h')),
        ]
        expect(outcomes).toEqual(upTo(3).map(() => 'layer-closed'))
        sessions.remove('alice', session)
        expect(reported).toEqual([])
      },
    },
  ],
}
