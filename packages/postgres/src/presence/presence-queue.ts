// Changes of presence, groups and interest, in the order of the calls: what gathers while one batch
// is under way goes in the next, and a batch whose answer was lost is asked about before anything
// else is sent. So `first` and `last` are always those of the one time that an operation was done.

import { ChanError, type Clock, layerClosed } from '@chan/core/backend'
import { isTransient, SessionLost, sqlState, toChanError } from '../connection/errors.js'
import type { Session } from '../connection/session.js'
import { Backlog } from './backlog.js'
import {
  type Answer,
  decodeAnswers,
  encodeOperations,
  holdKey,
  isRelease,
  type Operation,
  undo,
} from './operation.js'
import type { OwnHolds } from './own-holds.js'
import { DEADLINE_MS, outcomeUnknown, Request } from './request.js'

/** What a queue needs. */
export interface PresenceQueueHost {
  readonly clock: Clock
  /** The quoted schema. */
  readonly schema: string
  readonly holds: OwnHolds
  /** A session that runs calls in order, as soon as there is one. */
  session(deadlineMs: number): Promise<Session>
  /** The server under the session changed; resolves when that was dealt with. */
  serverChanged(session: Session): Promise<void>
  /** The node was taken out; nothing is sent until `entered`. */
  takenOut(node: number): void
  /** A failure that no caller hears of. */
  report(error: unknown): void
}

/** A batch that the server may have, and under which number. */
interface Sent {
  /** `null` in a process that holds nothing. */
  readonly node: number | null
  readonly number: number
  readonly batch: readonly Request[]
}

interface Reply {
  readonly as_of: string
  readonly answers: string | null
}

const MAX_WAITING = 50_000
/** Before something that failed is tried again, in milliseconds; doubled up to the longest. */
const RETRY_MS = 20
const MAX_RETRY_MS = 1_000

export class PresenceQueue {
  readonly #host: PresenceQueueHost
  readonly #backlog = new Backlog()
  /** Requests that put again what the database lost, or release what it should not have. */
  readonly #repairs = new Set<Request>()
  #node: number | null | undefined
  #comparison: { readonly kept: boolean } | undefined
  #sent: Sent | undefined
  #number = 0
  #pumping = false
  #failures = 0
  #reported = false
  #endPause = () => {}
  #closed = false

  constructor(host: PresenceQueueHost) {
    this.#host = host
  }

  /** Operations that wait to be sent. */
  get length(): number {
    return this.#backlog.length
  }

  /**
   * Does it, after everything called before.
   * @throws {ChanError} `unavailable`, not done; `outcome-unknown`; `limit-reached`; `layer-closed`
   */
  run(operation: Operation): Promise<Answer> {
    if (this.#closed) return Promise.reject(layerClosed())
    if (this.length >= MAX_WAITING && !isRelease(operation)) return Promise.reject(tooMany())
    const request = this.#request(operation, false)
    this.#backlog.add(request)
    this.#wake()
    return request.wait(this.#host.clock, () => {
      if (!request.wanted) this.#backlog.delete(request)
    })
  }

  /**
   * There is a node to hold things by; `null` in a process that holds nothing.
   * @param kept the database kept what this process held
   */
  entered(node: number | null, kept: boolean): void {
    const isFirst = this.#node === undefined && this.#number === 0
    this.#node = node
    // What is being put again is missing by our own doing.
    const complete = this.#repairs.size === 0 && (this.#comparison?.kept ?? true)
    if (node !== null && !isFirst) this.#comparison = { kept: kept && complete }
    this.#wake()
  }

  /** Compares what is held with the database: something that was heard of may be missing here. */
  compare(): void {
    this.#comparison ??= { kept: this.#repairs.size === 0 }
    this.#wake()
  }

  /** Everything that waits is rejected, and what is under way is not waited for. */
  close(): void {
    this.#closed = true
    const reason = layerClosed()
    const requests = [...(this.#sent?.batch ?? []), ...this.#backlog.removeWhere(() => true)]
    for (const request of requests) request.abandon(reason)
    this.#endPause()
  }

  #request(operation: Operation, lasting: boolean): Request {
    return new Request(operation, lasting, (error) => this.#host.report(error))
  }

  get #due(): boolean {
    if (this.#closed || this.#node === undefined) return false
    return !!this.#sent || !!this.#comparison || this.length > 0
  }

  /** Gathers what this turn of the event loop calls. */
  #wake(): void {
    if (this.#pumping || !this.#due) return
    this.#pumping = true
    this.#host.clock.nextTurn(() => void this.#pump())
  }

  async #pump(): Promise<void> {
    while (this.#due) await this.#step()
    this.#pumping = false
  }

  async #step(): Promise<void> {
    const session = await this.#host.session(DEADLINE_MS).catch(() => undefined)
    if (!session) return this.#pause()
    const node = this.#node
    if (node === undefined || this.#closed) return
    try {
      if (this.#sent) await this.#settle(this.#sent, session, node)
      else if (this.#comparison && node !== null) await this.#compare(session, node)
      else await this.#send(session, node)
      this.#failures = 0
      this.#reported = false
    } catch (error) {
      await this.#recover(error, session, node)
    }
  }

  async #send(session: Session, node: number | null): Promise<void> {
    const batch = this.#backlog.take()
    if (batch.length === 0) return
    const sent = { node, number: ++this.#number, batch }
    this.#sent = sent
    for (const request of batch) request.underWay = true
    this.#host.holds.sending()
    const operations = encodeOperations(batch.map(({ operation }) => operation))
    const reply = await this.#call<Reply>(session, 'presence_apply($1, $2, $3)', [
      node,
      sent.number,
      operations,
    ]).catch((error: unknown) => {
      if (!(error instanceof SessionLost && error.sent)) this.#refused(sent, error)
      // Without a node there is nobody to ask for.
      else if (node === null) this.#forget(sent)
      throw error
    })
    this.#done(sent, reply)
  }

  /** Asks what became of a batch whose answer was lost; asked, it is not done later either. */
  async #settle(sent: Sent, session: Session, node: number | null): Promise<void> {
    if (sent.node !== node) return this.#forget(sent)
    const values = [sent.node, sent.number]
    const reply = await this.#call<Reply>(session, 'presence_settle($1, $2)', values)
    if (reply.answers !== null) return this.#done(sent, reply)
    this.#certain()
    this.#giveBack(sent.batch)
  }

  #done({ batch }: Sent, { as_of, answers }: Reply): void {
    const decoded = decodeAnswers(answers ?? '')
    for (const [at, request] of batch.entries()) {
      const { operation } = request
      const answer = decoded[at] as Answer
      const release = request.wanted || this.#host.holds.has(operation) ? null : undo(operation)
      // Its caller was told that nobody knows: what came of it is not left behind as a ghost.
      if (release) this.#backlog.addFirst([this.#request(release, true)])
      else this.#host.holds.done(operation, answer, Number(as_of))
      this.#repairs.delete(request)
      request.resolve(answer)
    }
    this.#certain()
  }

  /** Nothing of it was done. */
  #refused({ batch }: Sent, error: unknown): void {
    this.#certain()
    if (passes(error)) return this.#giveBack(batch)
    // One bad operation fails alone.
    const middle = batch.length >> 1
    if (middle > 0) {
      this.#giveBack(batch.slice(middle))
      this.#giveBack(batch.slice(0, middle))
      return
    }
    for (const request of batch) {
      this.#repairs.delete(request)
      request.reject(toChanError(error, 'A change of presence was refused'))
    }
  }

  /** The node that the batch was for is gone, and with it all that the batch may have put. */
  #forget({ batch, node }: Sent): void {
    this.#certain()
    const isLost = ({ operation }: Request) =>
      node === null || operation.kind === 'remove' || isRelease(operation)
    for (const request of batch.filter(isLost)) {
      // The departure was told, by the batch or with the node. Whose doing it was, nobody knows.
      this.#host.holds.done(request.operation, { changed: false, joinedAt: 0 }, 0)
      this.#repairs.delete(request)
      request.abandon(outcomeUnknown())
    }
    this.#giveBack(batch.filter((request) => !isLost(request)))
  }

  /** It is known what became of the batch under way. */
  #certain(): void {
    this.#sent = undefined
    if (!this.#host.holds.sent()) this.compare()
  }

  #giveBack(batch: readonly Request[]): void {
    for (const request of batch) request.underWay = false
    if (!this.#closed) this.#backlog.addFirst(batch)
  }

  async #compare(session: Session, node: number): Promise<void> {
    const { kept } = this.#comparison as { kept: boolean }
    const reply = await this.#call<Held>(session, 'presence_held($1)', [node])
    this.#comparison = undefined
    // What earlier comparisons have not repaired yet, this one finds again.
    this.#backlog.removeWhere((request) => this.#repairs.delete(request))
    const leaving = new Set<string>()
    for (const { operation } of this.#backlog.toArray()) {
      if (isRelease(operation)) leaving.add(holdKey(operation))
    }
    const repairs = this.#host.holds
      .compare(reply.held, Number(reply.as_of), kept)
      .filter((repair) => isRelease(repair) || !leaving.has(holdKey(repair)))
      .map((repair) => this.#request(repair, true))
    for (const request of repairs) this.#repairs.add(request)
    this.#backlog.addFirst(repairs)
  }

  async #recover(error: unknown, session: Session, node: number | null): Promise<void> {
    if (sqlState(error) === 'CH004' && node !== null) {
      if (this.#node === node) this.#node = undefined
      this.#host.takenOut(node)
    } else if (sqlState(error) === 'CH001') {
      await this.#host.serverChanged(session).catch((cause: unknown) => this.#reportOnce(cause))
      await this.#pause()
    } else if (passes(error)) {
      await this.#pause()
    } else if (this.#sent || this.#comparison) {
      this.#reportOnce(error)
      await this.#pause()
    }
  }

  async #call<R extends object>(
    session: Session,
    call: string,
    values: readonly unknown[],
  ): Promise<R> {
    const rows = await session.query<R>(`select * from ${this.#host.schema}.${call}`, values)
    return rows[0] as R
  }

  #reportOnce(error: unknown): void {
    if (!this.#reported) this.#host.report(error)
    this.#reported = true
  }

  #pause(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    const ms = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures++)
    return new Promise((resolve) => {
      const timer = this.#host.clock.after(ms, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

interface Held {
  readonly as_of: string
  readonly held: string | null
}

/** Nothing was done, for a reason that has nothing to do with the operations. */
function passes(error: unknown): boolean {
  const state = sqlState(error)
  return (
    error instanceof SessionLost || isTransient(error) || state === 'CH001' || state === 'CH004'
  )
}

function tooMany(): ChanError {
  return new ChanError(
    'limit-reached',
    `${MAX_WAITING} changes of presence wait for the database.`,
    'Wait for earlier joins and leaves; if they do not settle, the database does not answer.',
    { details: { limit: MAX_WAITING } },
  )
}
