// Keeps the database small: chores that every process tries now and then, of which one at a time
// does something. Each is a function in the database that takes one small step per call.

import type { Clock } from '@chan/core/backend'
import type { RunQuery } from '../log/reader.js'
import { Repeater } from './repeater.js'

/** What a keeper needs. */
export interface KeeperHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  /** Runs a statement that changes something and may run twice. */
  readonly query: RunQuery
  readonly recoveryMs: number
  readonly recoveryBytes: number
  readonly idempotencyMs: number
  readonly idleChannelTtlMs: number
  /** How many processes share the chores. */
  processes(): number
  report(error: unknown): void
}

/** One step; answers whether there is more to do at once. */
type Chore = () => Promise<boolean>

const SECOND = 1_000
const MINUTE = 60_000

export class Keeper {
  readonly #host: KeeperHost
  readonly #repeaters: readonly Repeater[]
  /** Where the next look at kept begins. */
  #keptFrom: string | null = null
  /** Message ids from before this are forgotten already. */
  #idsFrom: string | null = null
  #rotations = 0
  #delays = 0

  constructor(host: KeeperHost) {
    this.#host = host
    const { recoveryMs } = host
    this.#repeaters = [
      this.#every(Math.min(SECOND / 2, recoveryMs / 8), () => this.#rotate()),
      this.#every(2 * SECOND, () => this.#trimKept()),
      this.#every(2 * SECOND, () => this.#forgetIds()),
      this.#every(MINUTE, () => this.#some('forget_channels($1)', host.idleChannelTtlMs)),
      this.#every(10 * MINUTE, () => this.#some('forget_publishers()')),
      this.#every(10 * MINUTE, () => this.#some('forget_orphans()')),
      this.#every(10 * MINUTE, () => this.#some(`forget_presence($1, 500)`, '1 hour')),
    ]
  }

  /** Slots that this process emptied. */
  get rotations(): number {
    return this.#rotations
  }

  /** How often a lock, such as a dump's, kept this process from emptying a slot. */
  get delays(): number {
    return this.#delays
  }

  /** The database is there: begins, or goes on. */
  start(): void {
    for (const repeater of this.#repeaters) repeater.start(Math.random() * SECOND)
  }

  /** The database is away. */
  pause(): void {
    for (const repeater of this.#repeaters) repeater.pause()
  }

  async close(): Promise<void> {
    await Promise.all(this.#repeaters.map((repeater) => repeater.close()))
  }

  /** Several processes take turns, by chance, so that together they look about as often as one. */
  #every(ms: number, chore: Chore): Repeater {
    const { clock } = this.#host
    return new Repeater({
      clock,
      step: async () => {
        const started = clock.now()
        // Half of the time at most, however much there is to do.
        if (await chore()) return Math.max(5, clock.now() - started)
        return ms * Math.max(1, this.#host.processes() / 2) * (0.75 + Math.random() / 2)
      },
      report: (error) => this.#host.report(error),
    })
  }

  async #rotate(): Promise<boolean> {
    const { recoveryMs, recoveryBytes } = this.#host
    const values = [Math.round(recoveryMs), Math.round(recoveryBytes)]
    const { done } = await this.#ask<{ done: string }>('@rotate($1, $2) as done', values)
    if (done === 'emptied') this.#rotations++
    if (done === 'delayed') this.#delays++
    return done === 'left' || done === 'kept' || done === 'settled' || done === 'emptied'
  }

  async #trimKept(): Promise<boolean> {
    const values = [this.#keptFrom ?? 1]
    const step = await this.#ask<Trimmed>('* from @trim_kept($1)', values)
    this.#keptFrom = step.next
    return step.trimmed > 0
  }

  async #forgetIds(): Promise<boolean> {
    const values = [Math.round(this.#host.idempotencyMs), this.#idsFrom]
    const step = await this.#ask<Forgotten>(
      'next::text, forgotten from @forget_ids($1, $2)',
      values,
    )
    this.#idsFrom = step.next
    return step.forgotten > 0
  }

  async #some(call: string, ...values: unknown[]): Promise<boolean> {
    const { amount } = await this.#ask<{ amount: number }>(`@${call} as amount`, values)
    return amount > 0
  }

  /** @param text what to select, with `@` for the schema */
  async #ask<R extends object>(text: string, values: readonly unknown[]): Promise<R> {
    const { query, schema } = this.#host
    const [row] = await query<R>(`select ${text.replace('@', `${schema}.`)}`, values)
    return row as R
  }
}

interface Trimmed {
  /** The channel to go on with. */
  readonly next: string | null
  readonly trimmed: number
}

interface Forgotten {
  readonly next: string | null
  readonly forgotten: number
}
