// Watches the other processes from the LISTEN session: lists who holds its lock, a few times a second,
// and takes out who does not. The same query shows the doorbell number last drawn, and tells the
// server that this process is alive.

import type { Clock, Timer } from '@chan/core/backend'
import { SessionLost } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import { type SeenNode, Suspects } from './suspects.js'

/** What an observer needs. */
export interface ObserverHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  /** Takes a node out, unless it lives. Not on the LISTEN session, which must not wait for a lock. */
  reap(node: number, incarnation: number): Promise<boolean>
  /** The doorbell number last drawn, at least once a second. */
  drawn(number: number): void
  /** This process's own node is not there any more, though its session stands. */
  takenOut(): void
  report(error: unknown): void
}

/** Between two looks in a cluster of up to eight processes; in larger ones they share the work. */
const LOOK_MS = 250
const PROCESSES_PER_LOOK = 8
/** The number last drawn is asked for more often than locks, where those are looked at rarely. */
const MAX_PAUSE_MS = 1_000
const DEADLINE_MS = 5_000

interface Look {
  readonly drawn: string
  readonly nodes: readonly number[] | null
  readonly incarnations: readonly number[]
  readonly held: readonly boolean[]
}

/** One LISTEN session being watched from; another session is another watch. */
interface Watch {
  readonly session: Session
  readonly node: number
}

export class Observer {
  readonly #host: ObserverHost
  readonly #suspects: Suspects
  readonly #reaping = new Set<number>()
  #watch: Watch | undefined
  #timer: Timer | undefined
  #looking = false
  #urgent = false
  #untilLook = 0
  #processes = 0
  #reported = false
  /** Nodes that this process took out. */
  reaped = 0

  constructor(host: ObserverHost) {
    this.#host = host
    this.#suspects = new Suspects(host.clock, () => this.#lookNow())
  }

  /** Living processes, as last seen. */
  get processes(): number {
    return this.#processes
  }

  /** Watches from this session from now on, as this node. */
  start(session: Session, node: number): void {
    this.stop()
    this.#watch = { session, node }
    this.#lookNow()
  }

  stop(): void {
    this.#watch = undefined
    this.#timer?.cancel()
    this.#suspects.clear()
  }

  #lookNow(): void {
    this.#urgent = true
    if (!this.#looking && this.#watch) void this.#run(this.#watch)
  }

  async #run(watch: Watch): Promise<void> {
    this.#timer?.cancel()
    this.#looking = true
    try {
      await this.#look(watch)
      this.#reported = false
    } catch (error) {
      // A lost session is its owner's affair.
      if (!(error instanceof SessionLost || this.#reported)) this.#host.report(error)
      this.#reported = true
    }
    this.#looking = false
    // It may be another watch by now, which could not look meanwhile.
    const next = this.#watch
    if (!next) return
    if (this.#urgent) return this.#run(next)
    this.#timer = this.#host.clock.after(this.#pause(), () => void this.#run(next))
  }

  /** Milliseconds until the server is asked next. */
  #pause(): number {
    const jitter = 0.8 + 0.4 * Math.random()
    const look = LOOK_MS * Math.max(1, this.#processes / PROCESSES_PER_LOOK) * jitter
    if (this.#untilLook <= 0) this.#untilLook = look
    const pause = Math.min(this.#untilLook, MAX_PAUSE_MS)
    this.#untilLook -= pause
    return pause
  }

  async #look(watch: Watch): Promise<void> {
    const { session } = watch
    const { schema } = this.#host
    const complete = this.#urgent || this.#untilLook <= 0
    this.#urgent = false
    const text = complete
      ? `select drawn, nodes, incarnations, held from ${schema}.observe()`
      : `select ${schema}.drawn_number() as drawn`
    const rows = await session.query<Look>(text, [], { deadlineMs: DEADLINE_MS })
    if (this.#watch !== watch) return
    const look = rows[0] as Look
    if (complete) this.#see(watch, look)
    this.#host.drawn(Number(look.drawn))
  }

  #see({ node: own }: Watch, { nodes, incarnations, held }: Look): void {
    const seen = (nodes ?? []).map((node, at) => {
      return { node, incarnation: incarnations[at] as number, held: held[at] as boolean }
    })
    this.#processes = seen.filter((node) => node.held).length
    if (!seen.some(({ node }) => node === own)) this.#host.takenOut()
    for (const due of this.#suspects.see(seen.filter(({ node }) => node !== own))) {
      void this.#reap(due)
    }
  }

  /** A failure is not final: whoever is still there is due again soon. */
  async #reap({ node, incarnation }: SeenNode): Promise<void> {
    if (this.#reaping.has(incarnation)) return
    this.#reaping.add(incarnation)
    try {
      if (await this.#host.reap(node, incarnation)) this.reaped++
    } catch (error) {
      if (!this.#reported) this.#host.report(error)
      this.#reported = true
    } finally {
      this.#reaping.delete(incarnation)
    }
  }
}
