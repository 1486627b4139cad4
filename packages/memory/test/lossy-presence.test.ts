// Presence over a backend that loses changes: what listeners are told ends with the truth.

import { lossy } from '@chan/conformance'
import { ChannelLayer, type PresenceEvent } from '@chan/core'
import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { InMemoryBus, MemoryBackend } from '../src/index.js'

/** Who is present, going by the events alone. */
function told(events: readonly PresenceEvent[]): string[] {
  const members = new Map<string, unknown>()
  for (const event of events) {
    if (event.type === 'sync') {
      members.clear()
      for (const member of event.members) members.set(member.userId, member.n)
    } else if (event.type === 'leave') members.delete(event.member.userId)
    else members.set(event.member.userId, event.member.n)
  }
  return [...members].map(([userId, n]) => `${userId} ${n}`).sort()
}

test.each([1, 2, 3, 4, 5])('lost changes are made good (seed %i)', async (seed) => {
  const bus = new InMemoryBus()
  const layers = [seed, seed + 100].map(
    (each) => new ChannelLayer(lossy(new MemoryBackend(bus), each, { presence: 0.4 })),
  )
  const channels = layers.map((layer) => layer.channel('chat'))
  const books = await Promise.all(
    channels.map(async (channel) => {
      const events: PresenceEvent[] = []
      await channel.onPresence((event) => events.push(event))
      return events
    }),
  )
  for (let n = 0; n < 200; n++) {
    const channel = channels[n % 2]
    if (n % 7 === 3) await channel?.leave(`user-${(n * 5) % 11}`)
    else await channel?.join(`user-${n % 11}`, { n })
  }
  const present = (await channels[0]?.presence())?.map(({ userId, n }) => `${userId} ${n}`).sort()
  for (const events of books) {
    await waitFor(() => told(events).join() === present?.join())
    expect(events[0]?.type).toBe('sync')
  }
  expect(layers.some((layer) => layer.stats().gaps > 0)).toBe(true)
  await Promise.all(layers.map((layer) => layer.disconnect()))
})
