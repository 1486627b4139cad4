// The one writer of this process's messages: while a batch is in flight the next one gathers, so a
// lone message goes at once and a flood goes in few transactions. A batch whose answer was lost is
// sent again under its number, and the database knows whether it was stored.

import {
  ChanError,
  type ChannelBackend,
  type Clock,
  type Later,
  layerClosed,
  type Message,
  type Timer,
} from '@chan/core/backend'
import { SessionLost, sqlState, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import { appendStatement, batchValues, type Item, storedMessages } from './batch.js'
import { Pending } from './pending.js'
import { SharedUnit, SingleUnit, type Unit } from './unit.js'

/** What a publisher needs. */
export interface PublisherHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  /** How long a publish may take before it is rejected, in milliseconds. */
  readonly deadlineMs: number
  /** The server under the session changed; resolves when epochs are right again. */
  serverChanged(session: Session): Promise<void>
}

interface Batch {
  readonly units: readonly Unit[]
  readonly number: number
  readonly items: readonly Item[]
  readonly shared: boolean
  /** The statement's parameters, once they were made. */
  values: readonly unknown[] | undefined
  /** An earlier attempt may have been stored. */
  uncertain: boolean
  /** Runs out when the first of those who wait has waited long enough. */
  timer: Timer | undefined
}

type Appending = Pick<ChannelBackend, 'append' | 'appendEach'>

/** Nothing was stored, and trying again may help: conflicts, deadlocks, locks held too long. */
const TRANSIENT: ReadonlySet<string> = new Set(['40001', '40P01', '55P03', '57014'])

/** Before a transient failure is tried again, in milliseconds. */
const RETRY_MS = 20

export class Publisher implements Appending {
  readonly #host: PublisherHost
  readonly #statement: string
  readonly #pending: Pending
  #session: Session | undefined
  #identity: { readonly publisher: number; readonly token: number } | undefined
  #numbers = 0
  /** Batches to be sent before what waits: sent before, parts of a refused one, or made ahead. */
  #again: Batch[] = []
  #inFlight: Batch | undefined
  #scheduled = false
  #closed = false
  /** Batches stored, for the statistics. */
  batches = 0

  constructor(host: PublisherHost) {
    this.#host = host
    this.#statement = appendStatement(host.schema)
    this.#pending = new Pending(host.clock, host.deadlineMs, () => this.#neverSent())
  }

  /** Messages that wait for a batch. */
  get waiting(): number {
    return this.#pending.length
  }

  /** @throws {ChanError} `layer-closed`, `limit-reached` */
  append(channel: string, entry: Item['entry'], limits: Item['limits']): Later<Message> {
    const unit = new SingleUnit(this.#pending.deadline(), channel, entry, limits)
    this.#add(unit)
    return unit
  }

  appendEach(
    channels: readonly string[],
    entry: Item['entry'],
    limits: (channel: string) => Item['limits'],
  ): Promise<readonly Message[]> {
    if (channels.length === 0) return Promise.resolve([])
    const items = channels.map((channel) => ({ channel, entry, limits: limits(channel) }))
    return new Promise((resolve, reject) => {
      this.#add(new SharedUnit(this.#pending.deadline(), items, resolve, reject))
    })
  }

  /**
   * A connection is there: takes an identity on it, which fences what an earlier one may still have
   * under way, and goes on with what waits.
   */
  async enter(session: Session): Promise<void> {
    const rows = await session.query<{ publisher: number; token: number }>(
      `select publisher, token from ${this.#host.schema}.enter_publisher($1)`,
      [this.#identity?.publisher ?? null],
    )
    const identity = rows[0] as { publisher: number; token: number }
    // The marks of batches were kept for the publisher that is gone: nobody can tell any more.
    if (identity.publisher !== this.#identity?.publisher) this.#giveUpUncertain()
    this.#identity = identity
    this.#session = session
    this.#schedule()
  }

  /** The connection is gone; what was in flight on it may be stored. */
  lost(): void {
    this.#session = undefined
  }

  /** Everything that waits is rejected, and what is in flight is not waited for. */
  close(): void {
    this.#closed = true
    const reason = layerClosed()
    this.#pending.close(reason)
    for (const batch of [...this.#again, this.#inFlight]) if (batch) this.#reject(batch, reason)
    this.#again = []
  }

  #add(unit: Unit): void {
    if (this.#closed) throw layerClosed()
    this.#pending.add(unit)
    this.#schedule()
  }

  /** Gathers what this turn of microtasks publishes. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight || !this.#session) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      void this.#pump()
    })
  }

  async #pump(): Promise<void> {
    let answer = () => {}
    while (!this.#inFlight && this.#session && !this.#closed) {
      const batch = this.#next()
      if (!batch) break
      this.#inFlight = batch
      const sent = this.#send(batch, this.#session)
      // While the database works, callers hear of the batch before, and the one after is made ready.
      answer()
      this.#prepareNext()
      answer = await sent
      this.#inFlight = undefined
    }
    answer()
  }

  /** The next to send, without those who were told that nothing was sent: that must stay true. */
  #next(): Batch | undefined {
    for (;;) {
      const batch = this.#again.shift() ?? this.#nextBatch()
      if (!batch) return undefined
      const units = batch.units.filter(({ settled }) => !settled)
      if (units.length === batch.units.length) return batch
      // One batch under one number, whole, as long as anybody waits: it may have been stored. When
      // nobody does, it may have waited longer than its mark is kept.
      if (units.length > 0 && batch.uncertain) return batch
      batch.timer?.cancel()
      if (units.length > 0) this.#again.unshift(this.#newBatch(units))
    }
  }

  /** Not before it is as large as it may get: what waits longer shares a transaction with more. */
  #prepareNext(): void {
    if (this.#again.length > 0 || !this.#pending.hasFullBatch) return
    const batch = this.#nextBatch()
    if (!batch) return
    this.#again.push(batch)
    try {
      batch.values = batchValues(batch.items, batch.shared)
    } catch {
      // Whoever sends it finds out again, and tells its callers.
    }
  }

  #nextBatch(): Batch | undefined {
    const units = this.#pending.take()
    return units.length > 0 ? this.#newBatch(units) : undefined
  }

  #newBatch(units: readonly Unit[]): Batch {
    const [first] = units as [Unit]
    const batch: Batch = {
      units,
      number: ++this.#numbers,
      // Several are messages by themselves, each its own item.
      items: units.length === 1 ? first.items : (units as readonly SingleUnit[]),
      shared: first.shared,
      values: undefined,
      uncertain: false,
      timer: undefined,
    }
    this.#expire(batch)
    return batch
  }

  /** Answers how to tell the callers what came of it. */
  async #send(batch: Batch, session: Session): Promise<() => void> {
    const { publisher, token } = this.#identity as { publisher: number; token: number }
    const { deadlineMs } = this.#host
    try {
      batch.values ??= batchValues(batch.items, batch.shared)
      const values = [publisher, token, batch.number, batch.uncertain, ...batch.values]
      const rows = await session.query<{ answer: string }>(this.#statement, values, { deadlineMs })
      this.batches++
      batch.timer?.cancel()
      return () => resolve(batch, (rows[0] as { answer: string }).answer)
    } catch (error) {
      await this.#failed(batch, session, error)
      return () => {}
    }
  }

  async #failed(batch: Batch, session: Session, error: unknown): Promise<void> {
    if (this.#closed) return
    const code = sqlState(error)
    if (error instanceof SessionLost) {
      this.#session = this.#session === session ? undefined : this.#session
      batch.uncertain ||= error.sent
      this.#sendAgain(batch)
    } else if (code === 'CH001' || code === 'CH002') {
      await this.#recover(code, session)
      this.#sendAgain(batch)
    } else if (code && TRANSIENT.has(code)) {
      await new Promise<void>((resolve) => this.#host.clock.after(RETRY_MS, resolve))
      this.#sendAgain(batch)
    } else if (batch.units.length > 1) {
      // One bad message fails alone, and each channel keeps its order.
      batch.timer?.cancel()
      const middle = batch.units.length >> 1
      const halves = [batch.units.slice(0, middle), batch.units.slice(middle)]
      this.#again.unshift(...halves.map((units) => this.#newBatch(units)))
    } else {
      this.#reject(batch, toChanError(error, 'A message was not stored'))
    }
  }

  /** Both are mended on the same connection, or that connection is given up. */
  async #recover(code: 'CH001' | 'CH002', session: Session): Promise<void> {
    try {
      if (code === 'CH001') await this.#host.serverChanged(session)
      else await this.enter(session)
    } catch (error) {
      // Not merely destroyed: nobody would look for another one.
      session.giveUp(error as Error)
    }
  }

  #sendAgain(batch: Batch): void {
    if (batch.units.some(({ settled }) => !settled)) this.#again.unshift(batch)
  }

  /** Whoever waits longer than the deadline is told so; the batch itself goes on. */
  #expire(batch: Batch): void {
    const now = this.#host.clock.now()
    for (const unit of batch.units) {
      if (unit.settled) continue
      if (unit.expiresAt > now) {
        batch.timer = this.#host.clock.after(unit.expiresAt - now, () => this.#expire(batch))
        return
      }
      const sent = batch.uncertain || this.#inFlight === batch
      unit.reject(sent ? outcomeUnknown() : this.#neverSent())
    }
  }

  #giveUpUncertain(): void {
    for (const batch of this.#again) if (batch.uncertain) this.#reject(batch, outcomeUnknown())
    this.#again = this.#again.filter(({ uncertain }) => !uncertain)
  }

  #reject(batch: Batch, reason: unknown): void {
    batch.timer?.cancel()
    for (const unit of batch.units) unit.reject(reason)
  }

  #neverSent(): ChanError {
    return new ChanError(
      'unavailable',
      `The database did not take the message within ${this.#host.deadlineMs} ms.`,
      'It was not sent and can be published again, once the database answers.',
    )
  }
}

function resolve({ items, units }: Batch, answer: string): void {
  const messages = storedMessages(items, answer)
  let from = 0
  for (const unit of units) {
    unit.stored(messages, from)
    from += unit.length
  }
}

function outcomeUnknown(): ChanError {
  return new ChanError(
    'outcome-unknown',
    'The connection was lost with the message under way: it may be stored or not.',
    "Publish again with the same 'id': a message that was stored is not stored twice.",
  )
}
