// A server over PostgreSQL, some who read what comes, and many who stall: each in a process of its own.

import { startWorker, type Worker, waitFor } from '@chan/testkit'
import type { Quantiles } from '../measure/numbers.js'
import { describeHotSpots, type HotSpot } from '../measure/profile.js'
import type { Trails } from './client/returning.js'
import type { Received } from './client/tally.js'
import type { SocketsContext } from './context.js'
import { assertAllOpen, openSockets, sizeIs, startLoad } from './load.js'
import { type CrowdedSetup, type CrowdedStats, WELL } from './servers/crowded-setup.js'
import type { LivePublished } from './servers/live-traffic.js'
import type { Variant } from './variants.js'

const ENTRIES: Partial<Record<Variant, string>> = {
  'chan ws': './servers/crowded-ws.ts',
  'chan uws': './servers/crowded-uws.ts',
}

export const CROWDED: Pick<CrowdedSetup, 'slowConsumer' | 'history' | 'largeBytes'> = {
  slowConsumer: 'catch-up',
  history: 100,
  largeBytes: 60_000,
}

/** Who are well. */
const THERE = 10
/** Of these each is a reader of two channels. */
const WELL_READERS = 2 * THERE
/** For all to stall that have come: the kernel takes megabytes for each before that. */
const STALLING_MS = 60_000
const EVERY_MS = 3
/** One message in so many is a large one. */
const LARGE_EVERY = 8

/** How it went to those who are well, while something was going on. */
export interface Phase {
  readonly latency: Quantiles
  /** To each of them. */
  readonly publishedBytes: number
  /** That the server kept busy. */
  readonly processors: number
}

export class CrowdedPair {
  readonly server: Worker
  readonly #there: Worker
  readonly #crowd: Worker
  readonly #context: SocketsContext
  readonly #variant: Variant
  /** Of the last large message before the crowd came, and when all of it had stalled. */
  #tops: readonly [number, number] = [0, 0]
  #closed = 0

  private constructor(
    context: SocketsContext,
    variant: Variant,
    [server, there, crowd]: readonly [Worker, Worker, Worker],
  ) {
    this.server = server
    this.#there = there
    this.#crowd = crowd
    this.#context = context
    this.#variant = variant
  }

  /** With history, and with those who are well. */
  static async start(
    context: SocketsContext,
    variant: Variant,
    databaseUrl: string,
  ): Promise<CrowdedPair> {
    const setup: CrowdedSetup = { ...CROWDED, databaseUrl }
    const entry = new URL(ENTRIES[variant] as string, import.meta.url)
    const workers: Worker[] = []
    try {
      const server = await startWorker(entry, { args: [JSON.stringify(setup)] })
      workers.push(server)
      const there = await startLoad()
      workers.push(there)
      const crowd = await startLoad()
      workers.push(crowd)
      await server.call('fill')
      const well = { rooms: [WELL], sockets: THERE, sampled: THERE }
      assertAllOpen(await openSockets(there, server, { ...well, protocol: 'websocket' }))
      await sizeIs(server, WELL_READERS)
      return new CrowdedPair(context, variant, [server, there, crowd])
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.kill()))
      throw error
    }
  }

  get pids(): number[] {
    return [this.server, this.#there, this.#crowd].map(({ pid }) => pid)
  }

  /** So many come, and read nothing of what they are sent. */
  async stall(sockets: number): Promise<void> {
    await this.#crowd.call('expect', Number.POSITIVE_INFINITY)
    this.#closed = (await this.server.call<number[]>('closes')).length
    const before = await this.server.call<number>('top')
    const crowd = { rooms: ['crowd'], sockets, sampled: 0, stalls: true }
    assertAllOpen(await openSockets(this.#crowd, this.server, { ...crowd, protocol: 'websocket' }))
    // Only then has everybody's history been looked up; it shows the last ones as of that moment.
    await waitFor(async () => (await this.stats()).stalled >= sockets, {
      label: 'everybody to stall',
      deadlineMs: STALLING_MS,
    })
    this.#tops = [before, await this.server.call<number>('top')]
  }

  stats(): Promise<CrowdedStats> {
    return this.server.call<CrowdedStats>('stats')
  }

  /** So many of them read on; → the seconds until they are where the channel was when they began. */
  async readOn(count: number): Promise<number> {
    return await this.#crowd.call('readOn', count, await this.server.call<number>('top'))
  }

  /** Waits until those have everything that was published, and says what they got. */
  async returned() {
    const last = await this.server.call<number>('top')
    await this.#crowd.call('arrival', last)
    const { firsts, lasts, astray, closed } = await this.#crowd.call<Trails>('trails')
    const [earliest, latest] = this.#tops.map((top) => top - CROWDED.history + 1) as [
      number,
      number,
    ]
    const isWhole = (first: number, at: number) =>
      first >= earliest && first <= latest && lasts[at] === last
    const closes = (await this.server.call<number[]>('closes')).length - this.#closed
    return {
      returned: lasts.length,
      incomplete: firsts.filter((first, at) => !isWhole(first, at)).length + astray,
      closed: closes + closed,
    }
  }

  /** The crowd goes. */
  async leave(): Promise<void> {
    await this.#crowd.call('close')
    await sizeIs(this.server, WELL_READERS)
  }

  /**
   * Publishes by a schedule for as long as the task takes. Throws where those who are well miss some.
   * @param profile what a profile is called, if there is to be one
   */
  async during(task: () => Promise<unknown>, profile?: string): Promise<Phase> {
    const { server } = this
    const profiles = profile !== undefined && this.#context.profileFolder !== ''
    await this.#there.call('expect', Number.POSITIVE_INFINITY)
    if (profiles) await server.call('startProfile')
    const cpuBefore = await this.#cpu()
    const beganAt = performance.now()
    await server.call('startLive', EVERY_MS, LARGE_EVERY)
    await task()
    const { small, large } = await server.call<LivePublished>('stopLive')
    const deliveries = (small + large) * THERE
    await this.#there.call('expectInAll', deliveries)
    const received = await this.#there.call<Received>('received')
    const micros = (performance.now() - beganAt) * 1000
    const processors = ((await this.#cpu()) - cpuBefore) / micros
    if (profiles) await this.#tellProfile(profile)
    await this.#assertSound(received, deliveries)
    return {
      latency: received.latency,
      publishedBytes: received.bytes / THERE,
      processors,
    }
  }

  /** The server first: where it ends the connections, no port of the clients' has to wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill()
    await Promise.all([this.#there.kill(), this.#crowd.kill()])
  }

  async #cpu(): Promise<number> {
    const { user, system } = await this.server.call<NodeJS.CpuUsage>('cpu')
    return user + system
  }

  async #tellProfile(what: string): Promise<void> {
    const name = `${this.#variant.replace(/\W/g, '-')}-${what}-${this.server.pid}`
    const { profileFolder } = this.#context
    const spots = await this.server.call<HotSpot[]>('stopProfile', profileFolder, name)
    this.#context.tell(`${this.#variant}, ${what}, ${describeHotSpots(spots)}`)
  }

  async #assertSound({ deliveries, closed }: Received, expected: number): Promise<void> {
    const errors = await this.server.call<string[]>('errors')
    if (deliveries === expected && closed === 0 && errors.length === 0) return
    const said = errors.slice(0, 3).join('; ') || 'nothing'
    throw new Error(
      `${deliveries} of ${expected} deliveries came to those who are well, ${closed} of them were closed; the server reported ${said}`,
    )
  }
}
