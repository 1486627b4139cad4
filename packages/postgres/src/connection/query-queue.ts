// The queries of one session: one at a time, in order, each settled exactly once, none longer than
// its deadline.

import type { Clock, Timer } from '@chan/core/backend'
import { endsSession, SessionLost } from './errors.js'

/** What the queue asks of the session it belongs to. */
export interface QueryHost {
  readonly clock: Clock
  /** Gives one query to the connection. */
  send(text: string, values: readonly unknown[], answered: Answered): void
  /** The connection is of no use any more; the session closes the queue. */
  lost(error: Error): void
}

/** What a statement answered. */
export interface Answer {
  readonly rows: unknown[]
  /** The command tag's first word: a COMMIT of a failed transaction answers 'ROLLBACK'. */
  readonly command: string
}

type Answered = (error: Error | null, answer: Answer) => void

interface Pending {
  readonly text: string
  readonly values: readonly unknown[]
  readonly deadlineMs: number
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** A timer this late says that the process, not the server, stood still. */
const STALL_MS = 1_000

export class QueryQueue {
  readonly #host: QueryHost
  #active: Pending | undefined
  #waiting: Pending[] = []
  #timer: Timer | undefined
  #closedWith: Error | undefined

  constructor(host: QueryHost) {
    this.#host = host
  }

  /** Runs after all earlier ones. The deadline counts from sending. */
  run(text: string, values: readonly unknown[], deadlineMs: number): Promise<Answer> {
    if (this.#closedWith) return Promise.reject(goneBecause(this.#closedWith, false))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, values, deadlineMs, resolve, reject })
      this.#sendNext()
    })
  }

  /** Rejects what is open, and everything from now on. */
  close(reason: Error): void {
    if (this.#closedWith) return
    this.#closedWith = reason
    this.#timer?.cancel()
    const [active, waiting] = [this.#active, this.#waiting]
    this.#active = undefined
    this.#waiting = []
    active?.reject(goneBecause(reason, true))
    for (const query of waiting) query.reject(goneBecause(reason, false))
  }

  // pg is given one query at a time: what it was not given, was never sent.
  #sendNext(): void {
    if (this.#active || this.#closedWith) return
    const query = this.#waiting.shift()
    if (!query) return
    this.#active = query
    this.#expect(query, query.deadlineMs, true)
    this.#host.send(query.text, query.values, (error, answer) =>
      this.#answered(query, error, answer),
    )
  }

  #answered(query: Pending, error: Error | null, answer: Answer): void {
    if (this.#active !== query) return
    if (error && endsSession(error)) {
      this.#host.lost(error)
      return
    }
    this.#timer?.cancel()
    this.#active = undefined
    this.#sendNext()
    if (error) query.reject(error)
    else query.resolve(answer)
  }

  #expect(query: Pending, deadlineMs: number, patient: boolean): void {
    const { clock } = this.#host
    const due = clock.now() + deadlineMs
    this.#timer = clock.after(deadlineMs, () => {
      if (this.#active !== query) return
      // A process that was stopped runs its timers first, and then finds the answer in its socket.
      if (patient && clock.now() - due > STALL_MS) this.#expect(query, STALL_MS, false)
      else this.#host.lost(new Error(`no answer within ${query.deadlineMs} ms`))
    })
  }
}

function goneBecause(reason: Error, sent: boolean): SessionLost {
  return new SessionLost(`the session is gone: ${reason.message}`, sent, reason)
}
