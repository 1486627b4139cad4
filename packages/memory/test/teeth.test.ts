// The suite bites: backends that break one clause each, and a case that must notice.

import { backendSuite, wrapped } from '@chan/conformance'
import type {
  ChannelBackend,
  Entry,
  HistoryLimits,
  PageLimit,
  Transaction,
} from '@chan/core/backend'
import { START } from '@chan/core/backend'
import { expect, test } from 'vitest'
import { harness } from './harness.js'
import { EVERYTHING, LIMITS } from './open.js'

type Methods = { -readonly [K in keyof ChannelBackend]?: ChannelBackend[K] }

/** The backend with some of its methods replaced. */
function broken(backend: ChannelBackend, methods: Methods): ChannelBackend {
  return new Proxy(backend, {
    get(target, key) {
      if (Object.hasOwn(methods, key)) return methods[key as keyof Methods]
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const mutants: Readonly<
  Record<string, readonly [title: string, (inner: ChannelBackend) => Methods]>
> = {
  'ignores ids': [
    'B1 a repeated id answers the first message',
    (inner) => ({
      append: (channel: string, entry: Entry, limits: HistoryLimits) =>
        inner.append(channel, { ...entry, id: null }, limits),
    }),
  ],
  'lets small messages overtake large ones': [
    'B9 a body of 1 MiB arrives whole',
    (inner) => ({
      append: async (channel: string, entry: Entry, limits: HistoryLimits) => {
        if (entry.bytes > 8_000) await turn()
        return inner.append(channel, entry, limits)
      },
    }),
  ],
  'lets calls overtake each other': [
    'B2 calls on one channel take offsets in call order',
    (inner) => ({
      append: async (channel: string, entry: Entry, limits: HistoryLimits) => {
        if (entry.bytes % 2) await turn()
        return inner.append(channel, entry, limits)
      },
    }),
  ],
  'encodes bodies again': [
    'B9 a body is stored and delivered as it is: spaces',
    (inner) => ({
      append: (channel: string, entry: Entry, limits: HistoryLimits) => {
        const body = JSON.stringify(JSON.parse(entry.body))
        return inner.append(channel, { ...entry, body }, limits)
      },
    }),
  ],
  'stores ephemeral messages': [
    'B6 an ephemeral message takes no offset',
    (inner) => ({
      append: (channel: string, entry: Entry, limits: HistoryLimits) =>
        inner.append(channel, { ...entry, ephemeral: false }, limits),
    }),
  ],
  'never answers truncated': [
    'B5 other epochs and offsets above the top are truncated',
    (inner) => ({
      read: async (channel, after, limit) => ({
        ...(await inner.read(channel, after, limit)),
        truncated: false,
      }),
    }),
  ],
  'ignores the bytes of a page': [
    'B5 a page ends with the message that reaches its bytes',
    (inner) => ({
      read: (channel, after, { messages }) =>
        inner.read(channel, after, { messages, bytes: Infinity }),
    }),
  ],
  'leaves out what does not fit into a page': [
    'B5 a message that is larger than a page comes alone',
    (inner) => ({
      read: async (channel, after, limit) => {
        const page = await inner.read(channel, after, limit)
        return { ...page, messages: page.messages.filter(({ body }) => body.length <= limit.bytes) }
      },
    }),
  ],
  'takes the limit of one read for all': [
    'B5 of reads at the same time each keeps to its own limit',
    (inner) => {
      let first: PageLimit | undefined
      return {
        read: (channel, after, limit) => {
          first ??= limit
          return inner.read(channel, after, first)
        },
      }
    },
  ],
  'tells no floor': [
    'B5 the floor is what an earlier, lower limit has hidden',
    (inner) => ({
      read: async (channel, after, limit) => ({
        ...(await inner.read(channel, after, limit)),
        floor: 0,
      }),
    }),
  ],
  'tells no floor where it cannot go on from': [
    'B5 the floor comes with a truncated page',
    (inner) => ({
      read: async (channel, after, limit) => {
        const page = await inner.read(channel, after, limit)
        return page.truncated ? { ...page, floor: 0 } : page
      },
    }),
  ],
  'cuts recovery at the floor': [
    'B5 the floor is where clear was',
    (inner) => ({
      read: async (channel, after, limit) => {
        const { messages, floor, ...rest } = await inner.read(channel, after, limit)
        return { ...rest, floor, messages: messages.filter(({ offset = 0 }) => offset > floor) }
      },
    }),
  ],
  'takes the limit in force for the floor': [
    'B5 defaults and a limit that nobody changed leave the floor',
    (inner) => ({
      read: async (channel, after, limit) => {
        const page = await inner.read(channel, after, limit)
        return { ...page, floor: Math.max(0, page.top.offset - 2) }
      },
    }),
  ],
  'begins a page of history with the newest': [
    'B5 history pages begin with the oldest',
    (inner) => ({
      history: async (channel, query, limits, limit) => {
        const { messages } = await inner.history(channel, query, limits, EVERYTHING)
        return { messages: messages.slice(-limit.messages), more: messages.length > limit.messages }
      },
    }),
  ],
  'takes a full page of history for one of more': [
    'B5 history pages begin with the oldest',
    (inner) => ({
      history: async (channel, query, limits, limit) => {
        const { messages } = await inner.history(channel, query, limits, limit)
        return { messages, more: messages.length > 0 && messages.length === limit.messages }
      },
    }),
  ],
  'takes a page of history before it looks at ages': [
    'B5 what an age limit hides takes no place in a history page',
    (inner) => ({
      history: async (channel, query, { historyTtlMs, ...limits }, limit) => {
        const ageless = { ...limits, historyTtlMs: null }
        const { messages, more } = await inner.history(channel, query, ageless, limit)
        const oldest = (Date.now() - (historyTtlMs ?? Infinity)) / 1000
        return { messages: messages.filter(({ timestamp }) => timestamp >= oldest), more }
      },
    }),
  ],
  'forgets named limits': [
    'B5 named limits win over defaults',
    (inner) => ({
      append: (channel: string, entry: Entry) => inner.append(channel, entry, LIMITS),
    }),
  ],
  'shows what a lower limit had hidden': [
    'B5 a lower limit hides at once',
    (inner) => ({
      history: async (channel, _query, { maxHistory }) => {
        const { messages } = await inner.read(channel, START, EVERYTHING)
        return { messages: messages.slice(-maxHistory), more: false }
      },
    }),
  ],
  'starts every watch at START': [
    'B4 watch answers the top',
    (inner) => ({
      watch: async (channel) => {
        await inner.watch(channel)
        return START
      },
    }),
  ],
  'takes first and last from what it read before': [
    'B7 of simultaneous first holds one is first',
    (inner) => ({
      put: async (channel, hold, entry) => {
        const { entries } = await inner.list(channel)
        const stored = await inner.put(channel, hold, entry)
        return { ...stored, first: entries.every(({ userId }) => userId !== entry.userId) }
      },
    }),
  ],
  'takes the joining time of the last join': [
    'B7 the last metadata wins and joinedAt stays',
    (inner) => ({
      put: async (channel, hold, entry) => ({ ...(await inner.put(channel, hold, entry)), entry }),
    }),
  ],
  'begins versions anew when everybody left': [
    'B8 versions of a watched channel only grow',
    (inner) => ({
      list: async (channel) => {
        const list = await inner.list(channel)
        return list.entries.length === 0 ? { ...list, version: 0 } : list
      },
    }),
  ],
  'discards only its own holds': [
    'B8 discarding ends a membership whoever holds it',
    (inner) => ({
      removeMember: (group, channel, hold) => inner.removeMember(group, channel, hold ?? 'h'),
    }),
  ],
  'publishes what is enqueued at once': [
    'B12 a transaction that fails leaves nothing',
    (inner) => ({
      enqueue: async (_tx, channel, entry, limits) => {
        await inner.append(channel, entry, limits)
      },
    }),
  ],
  'delivers before the commit': [
    'B12 before the commit nobody sees anything',
    (inner) => ({
      enqueue: async (_tx, channel, entry, limits) => {
        await inner.append(channel, entry, limits)
      },
    }),
  ],
  'lets enqueued messages overtake each other': [
    'B12 calls on one transaction keep their order',
    (inner) => ({
      enqueue: async (tx, channel, entry, limits) => {
        if (entry.bytes % 2) await turn()
        await inner.enqueue(tx, channel, entry, limits)
      },
    }),
  ],
  'gives one tx to all transactions': [
    'B12 a transaction that has ended takes nothing in',
    (inner) => {
      const tx = { query: async () => ({}) }
      let current: Transaction | undefined
      return {
        transaction: (run) =>
          inner.transaction((own) => {
            current = own
            return run(tx)
          }),
        enqueue: (_tx, channel, entry, limits) =>
          inner.enqueue(current as Transaction, channel, entry, limits),
      }
    },
  ],
  'answers after close': [
    'B10 after close every call rejects with layer-closed',
    () => ({ totalInterest: async () => 0 }),
  ],
}

for (const [what, [title, mutate]] of Object.entries(mutants)) {
  test(`a backend that ${what} fails '${title}'`, async () => {
    const found: (() => Promise<void>)[] = []
    const note = (name: string, body: () => Promise<void>) => {
      if (name.startsWith(title)) found.push(body)
    }
    const runner = {
      describe: (_name: string, body: () => void) => body(),
      test: Object.assign(note, { skip: () => {} }),
      expect,
    }
    backendSuite(
      runner,
      wrapped(harness, what, (backend) => broken(backend, mutate(backend))),
    )
    expect(found.length).toBe(1)
    await expect(found[0]?.()).rejects.toThrow()
  }, 30_000)
}
