// Everything at once, at random: whatever comes and goes, each subscription's stretch has no holes.

import { type Position, START } from '@chan/core'
import type { Topic } from '../../cases.js'
import { seeded } from '../../random.js'
import { turns, until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { collect } from './collect.js'

const ACTORS = 12
const STEPS = 25

export const everything: Topic<Scene> = {
  name: 'layer: everything at once',
  cases: [
    ...[1, 2, 3].map((seed) => ({
      title: `subscribers, publishers and members at random lose nothing (seed ${seed})`,
      async run({ name, layers, reported, expect }: Scene) {
        const random = seeded(seed)
        const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T
        const both = await layers()
        const channels = [name('a'), name('b'), name('c')]
        let acting = ACTORS

        async function act(actor: number): Promise<void> {
          const last = new Map<string, Position>()
          for (let step = 0; step < STEPS; step++) {
            const chat = pick(both).channel(pick(channels))
            const since = random() < 0.6 ? last.get(chat.name) : undefined
            const userId = `user-${actor % 5}`
            const joinPresence = random() < 0.3
            const seen = await collect(chat, { since, userId, joinPresence })
            const start = seen.messages[0]?.offset ?? seen.subscription.position.offset + 1
            if (since) expect(seen.subscription.recovered.truncated).toBe(false)
            if (since && seen.messages.length > 0) expect(start).toBe(since.offset + 1)
            await turns(Math.floor(random() * 8))
            const ending = seen.subscription.unsubscribe()
            const { position } = seen.subscription
            const offsets = seen.messages.map((message) => message.offset as number)
            expect(offsets).toEqual(upTo(offsets.length + (offsets[0] ?? 1) - 1, offsets[0] ?? 1))
            if (offsets.length > 0) expect(position.offset).toBe(offsets.at(-1))
            await ending
            if (position.offset > 0) last.set(chat.name, position)
          }
          acting--
        }

        async function publish(publisher: number): Promise<void> {
          for (let n = 0; acting > 0; n++) {
            const chat = pick(both).channel(pick(channels))
            const publishing = chat.publish([publisher, n])
            if (random() < 0.5) await publishing
            if (random() < 0.3) await turns(1)
          }
        }

        await Promise.all([
          ...upTo(ACTORS).map((actor) => act(actor)),
          ...upTo(3).map((publisher) => publish(publisher)),
        ])
        for (const channel of channels) {
          const all = await collect(both[0].channel(channel), { since: START })
          expect(all.messages.map((message) => message.offset)).toEqual(upTo(all.messages.length))
          await all.subscription.unsubscribe()
          expect(await both[1].channel(channel).presence()).toEqual([])
          await until('nobody to count', async () => {
            return (await both[0].channel(channel).subscriberCount()) === 0
          })
        }
        // Channels linger a while before they are let go of.
        await until('no channel in use', () =>
          both.every((layer) => layer.stats().activeChannels === 0),
        )
        expect(reported).toEqual([])
      },
    })),
  ],
}
