// What was called first comes first, also where a call has to wait for something: groups and their
// channels, presence and its end.

import { type ChannelLayer, defineChannel, type } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { schema } from './schemas.js'

/** A schema that answers a turn later, or when it is let. */
const slow = <T>(wait: () => Promise<void> = () => turns(1)) =>
  schema<T>(async (value) => {
    await wait()
    return { value }
  })

/** A layer that is connected, and one that will be by what is called first. */
async function freshAndConnected({ layer }: Scene): Promise<ChannelLayer[]> {
  const connected = await layer()
  await connected.connect()
  return [await layer(), connected]
}

export const callOrder: Topic<Scene> = {
  name: 'layer: the order of calls',
  cases: [
    {
      title: 'a group and its channels take publishes in the order of the calls, not awaited',
      async run(scene) {
        const { name, expect } = scene
        for (const [at, one] of (await freshAndConnected(scene)).entries()) {
          const [chat, other] = [one.channel(name(`chat-${at}`)), one.channel(name(`other-${at}`))]
          const group = one.group(name(`group-${at}`))
          if (at > 0) await group.add(chat.name)
          else await (await scene.layer()).group(group.name).add(chat.name)
          const publishing: Promise<unknown>[] = upTo(10).flatMap((n) => [
            group.publish(`group ${n}`),
            chat.publish(`chat ${n}`),
            // Nobody's order, but it must come through.
            other.publish(n),
          ])
          await Promise.all(publishing)
          const history = await chat.history()
          const wanted = upTo(10).flatMap((n) => [`group ${n}`, `chat ${n}`])
          expect(history.map(({ data }) => data)).toEqual(wanted)
          expect((await other.history()).map(({ data }) => data)).toEqual(upTo(10))
        }
      },
    },
    {
      title: 'a channel whose schema is slow is not overtaken by its group, nor overtakes it',
      async run(scene) {
        const { name, expect } = scene
        for (const [at, one] of (await freshAndConnected(scene)).entries()) {
          const chat = one.channel(name(`chat-${at}`), { schema: slow<string>() })
          const group = one.group(name(`group-${at}`))
          await (await scene.layer()).group(group.name).add(chat.name)
          const publishing: Promise<unknown>[] = upTo(10).flatMap((n) => [
            chat.publish(`chat ${n}`),
            group.publish(`group ${n}`),
          ])
          await Promise.all(publishing)
          const wanted = upTo(10).flatMap((n) => [`chat ${n}`, `group ${n}`])
          expect((await chat.history()).map(({ data }) => data)).toEqual(wanted)
        }
      },
    },
    {
      title: 'a group publish reaches who is a member at the call, however long it waits',
      async run({ name, layer, expect }) {
        const one = await layer()
        let decide = () => {}
        const decided = new Promise<void>((resolve) => {
          decide = resolve
        })
        const early = one.channel(name('early'), { schema: slow<string>(() => decided) })
        const group = one.group(name('group'))
        await group.add(early.name)
        const publishing = [group.publish('a'), group.publish('b')]
        await group.add(name('late'))
        await group.discard(early.name)
        decide()
        expect(await Promise.all(publishing)).toEqual([1, 1])
        expect((await early.history()).map(({ data }) => data)).toEqual(['a', 'b'])
        expect(await one.channel(name('late')).history()).toEqual([])
      },
    },
    {
      title:
        'a group publish whose schemas wait holds up its members alone, and asks each schema once',
      async run(scene) {
        const { name, expect } = scene
        for (const [at, one] of (await freshAndConnected(scene)).entries()) {
          const asked: string[] = []
          let decide = () => {}
          const decided = new Promise<void>((resolve) => {
            decide = resolve
          })
          const deciding = (who: string) =>
            slow<string>(() => {
              asked.push(who)
              return decided
            })
          const [a, b] = [deciding('a'), deciding('b')]
          const channel = (id: string) => name(`${id}-${at}`)
          const group = one.group(channel('group'))
          const members = ['a1', 'a2', 'b1', 'plain'] as const
          for (const id of members) {
            const definition = id === 'plain' ? undefined : { schema: id < 'b' ? a : b }
            one.channel(channel(id), definition as object)
            if (at > 0) await group.add(channel(id))
            else await (await scene.layer()).group(group.name).add(channel(id))
          }
          const plain = one.channel(channel('plain'))
          const before = plain.publish('before')
          const publishing = group.publish('group')
          const after = plain.publish('after')
          // Of another channel: called later, too, and it need not wait.
          expect((await one.channel(channel('other')).publish('other')).offset).toBe(1)
          await before
          expect((await plain.history()).map(({ data }) => data)).toEqual(['before'])
          await until('both schemas to be asked', () => asked.length >= 2)
          decide()
          expect(await publishing).toBe(4)
          await after
          expect([...asked].sort()).toEqual(['a', 'b'])
          expect((await plain.history()).map(({ data }) => data)).toEqual([
            'before',
            'group',
            'after',
          ])
        }
      },
    },
    {
      title:
        'two group publishes, the first behind a slow schema, keep their order where they meet',
      async run({ name, layer, expect }) {
        const one = await layer()
        let decide = () => {}
        const decided = new Promise<void>((resolve) => {
          decide = resolve
        })
        const strict = one.channel(name('strict'), { schema: slow<string>(() => decided) })
        const [shared, alone] = [one.channel(name('shared')), one.channel(name('alone'))]
        const [first, second] = [one.group(name('first')), one.group(name('second'))]
        for (const channel of [strict, shared]) await first.add(channel.name)
        for (const channel of [shared, alone]) await second.add(channel.name)
        const apart = one.group(name('apart'))
        await apart.add(name('far'))
        const publishing = [first.publish('first'), second.publish('second')]
        // Where they do not meet, nobody waits.
        expect(await apart.publish('third')).toBe(1)
        expect(await shared.history()).toEqual([])
        decide()
        expect(await Promise.all(publishing)).toEqual([2, 2])
        expect((await shared.history()).map(({ data }) => data)).toEqual(['first', 'second'])
        expect((await alone.history()).map(({ data }) => data)).toEqual(['second'])
      },
    },
    {
      title: 'a group publish that a slow schema refuses lets go of its members',
      async run({ name, layer, expect }) {
        const one = await layer()
        const refusing = schema<string>(async () => {
          await turns(1)
          return { issues: [{ message: 'no' }] }
        })
        const group = one.group(name('group'))
        await group.add(one.channel(name('strict'), { schema: refusing }).name)
        const chat = one.channel(name('chat'))
        await group.add(chat.name)
        const results = await Promise.allSettled([group.publish(1), chat.publish(2)])
        expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
        expect((await chat.publish(3)).offset).toBe(2)
        expect((await chat.history()).map(({ data }) => data)).toEqual([2, 3])
      },
    },
    {
      title: 'a join and the end of the last subscription right after it: the user is gone',
      async run(scene) {
        const { name, expect } = scene
        for (const [at, one] of (await freshAndConnected(scene)).entries()) {
          const chat = roomWithSlowPresence(one, name(`chat-${at}`))
          const subscription = await chat.subscribe(() => {}, { userId: 'alice' })
          const joining = chat.join('alice')
          await subscription.unsubscribe()
          await joining
          expect(await chat.presence()).toEqual([])
        }
      },
    },
    {
      title: 'clearPresence also clears the joins called before it, and none called after it',
      async run(scene) {
        const { name, expect } = scene
        for (const [at, one] of (await freshAndConnected(scene)).entries()) {
          const chat = roomWithSlowPresence(one, name(`chat-${at}`))
          const joining = [chat.join('alice'), chat.join('bob')]
          await chat.clearPresence()
          await Promise.all(joining)
          expect(await chat.presence()).toEqual([])
          await chat.join('carol')
          expect((await chat.presence()).map(({ userId }) => userId)).toEqual(['carol'])
        }
      },
    },
  ],
}

/** A channel whose presence metadata takes a turn to look at. */
function roomWithSlowPresence(layer: ChannelLayer, name: string) {
  layer.define(
    defineChannel(name.replace(/:.*/, ':{room}'), { message: type(), presence: slow<object>() }),
  )
  return layer.channel(name)
}
