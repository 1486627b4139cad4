// B10: after `close` nothing is called back and every call rejects. B8 for a crash.

import { isChanError, START } from '@chan/core/backend'
import type { Topic } from '../../cases.js'
import { turns } from '../../until.js'
import { atMost, DEFAULT_LIMITS, EVERYTHING, entry, upTo } from '../entry.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

/** Every call of the port, on one channel. */
function calls(
  { backend }: Process,
  channel: string,
): Readonly<Record<string, () => Promise<unknown>>> {
  const tx = { query: async () => ({}) }
  const present = { userId: 'alice', joinedAt: 1, metadata: '{}' }
  return {
    // These alone may throw instead: not every answer of theirs is a promise.
    append: async () => backend.append(channel, entry(1), DEFAULT_LIMITS),
    appendEphemeral: async () =>
      backend.append(channel, entry(1, { ephemeral: true }), DEFAULT_LIMITS),
    appendEach: () => backend.appendEach([channel], entry(1), () => DEFAULT_LIMITS),
    enqueue: () => backend.enqueue(tx, channel, entry(1), DEFAULT_LIMITS),
    transaction: () => backend.transaction(async () => {}),
    read: () => backend.read(channel, START, atMost(1)),
    history: () => backend.history(channel, {}, DEFAULT_LIMITS, EVERYTHING),
    clear: () => backend.clear(channel),
    watch: () => backend.watch(channel),
    unwatch: () => backend.unwatch(channel),
    put: () => backend.put(channel, 'h', present),
    remove: () => backend.remove(channel, 'alice', 'h', 'left'),
    list: () => backend.list(channel),
    clearPresence: () => backend.clearPresence(channel),
    addMember: () => backend.addMember('group', channel, null),
    removeMember: () => backend.removeMember('group', channel, null),
    members: () => backend.members('group'),
    reportInterest: () => backend.reportInterest(new Map([[channel, 1]])),
    totalInterest: () => backend.totalInterest(channel),
  }
}

/** Calls whose promise did not reject as they must, by name. */
async function notRefused(process: Process, channel: string): Promise<string[]> {
  const wrong: string[] = []
  for (const [call, run] of Object.entries(calls(process, channel))) {
    try {
      // A refusal is a rejection: a synchronous throw would end up as one of these, too.
      const promise = run()
      const outcome = await promise.then(
        () => 'resolved',
        (error: unknown) => (isChanError(error, 'layer-closed') ? '' : String(error)),
      )
      if (outcome !== '') wrong.push(`${call}: ${outcome}`)
    } catch (error) {
      wrong.push(`${call} threw: ${String(error)}`)
    }
  }
  return wrong
}

export const closing: Topic<Scene> = {
  name: 'closing',
  cases: [
    {
      title: 'B10 after close every call rejects with layer-closed; closing again is fine',
      async run({ name, process, expect }) {
        const one = await process()
        await one.append(name('chat'), 1)
        await one.backend.close()
        await one.backend.close()
        expect(await notRefused(one, name('chat'))).toEqual([])
        expect(typeof one.backend.stats()).toBe('object')
      },
    },
    {
      title: 'B10 after close no callback runs, whatever goes on elsewhere',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [closing, staying] = await pair()
        await closing.follow(channel)
        const follower = await staying.follow(channel)
        const storm = upTo(100).map((n) => staying.append(channel, n))
        const closed = closing.backend.close()
        const { callbacks } = closing
        await closed
        await Promise.all(storm)
        await staying.put(channel, 'alice', 'h')
        await staying.append(channel, 'typing', { ephemeral: true })
        await follower.count(100)
        await turns()
        expect(closing.callbacks).toBe(callbacks)
        expect(follower.offsets).toEqual(upTo(100))
      },
    },
    {
      title: 'B10 two closes at once, and one right after opening',
      async run({ process, expect }) {
        const one = await process()
        await Promise.all([one.backend.close(), one.backend.close()])
        const other = await process()
        await other.backend.close()
        expect(other.callbacks).toBe(0)
      },
    },
    {
      title: 'B8 a crashed process takes nothing with it: the log goes on in one epoch',
      async run({ name, pair, crash, expect }) {
        const channel = name('chat')
        const [crashing, staying] = await pair()
        const follower = await staying.follow(channel)
        await crashing.fill(channel, 10)
        await crash(crashing)
        const next = await staying.append(channel, 11)
        await follower.count(11)
        expect(next.offset).toBe(11)
        expect(follower.offsets).toEqual(upTo(11))
        expect(new Set(follower.messages.map((message) => message.epoch)).size).toBe(1)
        expect(await staying.history(channel)).toEqual(upTo(11))
      },
    },
  ],
}
