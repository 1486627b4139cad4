// What a connection costs in memory while nothing happens.

import { startWorker } from '@chan/testkit'
import { atMost, type Bench, type Row, type Target } from '../bench.js'
import { affordable, missingNotes, present, type SocketsContext } from './context.js'
import { assertAllOpen, openSockets, sizeIs, startLoad } from './load.js'
import type { MemoryReading } from './servers/memory-gauge.js'
import { roomNames } from './shape.js'
import { entryOf, protocolOf, type Variant } from './variants.js'

/** Ours, what it stands on, and the peer. */
const VARIANTS: readonly Variant[] = ['chan ws', 'ws-loop', 'chan uws', 'uws-cork', 'socket.io']
const NAMES: Partial<Record<Variant, string>> = { 'ws-loop': 'bare ws', 'uws-cork': 'bare uws' }
const BARE = [
  ['chan ws', 'ws-loop'],
  ['chan uws', 'uws-cork'],
] as const

/** Opened and closed before anything is measured: code and tables are there. */
const WARM_UP = 500
const MOST_ABOVE_KIB = 1.5

/** KiB. */
interface PerConnection {
  readonly rss: number
  readonly heap: number
}

export const idle: Bench<SocketsContext> = {
  name: 'idle',
  title: 'memory per connection that does nothing, against a bare server',
  async run(context) {
    const sockets = affordable(context, context.full ? 20_000 : 5_000)
    const found = new Map<Variant, PerConnection>()
    for (const variant of present(context, VARIANTS)) {
      found.set(variant, await measure(variant, sockets))
    }
    const rows: Row[] = [...found].map(([variant, { rss, heap }]) => ({
      server: nameOf(variant),
      sockets,
      'RSS KiB': rss,
      'heap KiB': heap,
    }))
    return { rows, targets: targetsOf(found), notes: missingNotes(context, VARIANTS) }
  },
}

function targetsOf(found: ReadonlyMap<Variant, PerConnection>): Target[] {
  return BARE.flatMap(([ours, bare]) => {
    const [our, its] = [found.get(ours), found.get(bare)]
    if (!our || !its) return []
    const above = (what: 'rss' | 'heap') =>
      atMost(
        `${ours} above ${nameOf(bare)}, ${what === 'rss' ? 'RSS' : 'heap'}`,
        our[what] - its[what],
        MOST_ABOVE_KIB,
        ' KiB',
      )
    return [above('rss'), above('heap')]
  })
}

async function measure(variant: Variant, sockets: number): Promise<PerConnection> {
  await using server = await startWorker(entryOf(variant))
  const open = async (count: number) => {
    const load = await startLoad()
    const plan = { protocol: protocolOf(variant), rooms: roomNames(1), sampled: 0 }
    assertAllOpen(await openSockets(load, server, { ...plan, sockets: count }))
    return load
  }
  await (await open(WARM_UP)).kill()
  await sizeIs(server, 0)
  const before = await server.call<MemoryReading>('memory')
  await using _load = await open(sockets)
  const after = await server.call<MemoryReading>('memory')
  const each = (bytes: number) => bytes / sockets / 1024
  return { rss: each(after.rss - before.rss), heap: each(after.heap - before.heap) }
}

function nameOf(variant: Variant): string {
  return NAMES[variant] ?? variant
}
