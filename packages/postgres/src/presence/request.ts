// One operation on its way to the database, and the caller who waits for it, for a while.

import { ChanError, type Clock, type Timer } from '@chan/core/backend'
import { type Answer, isRelease, type Operation } from './operation.js'

/** How long a caller waits, in milliseconds. */
export const DEADLINE_MS = 5_000

interface Caller {
  readonly timer: Timer
  resolve(answer: Answer): void
  reject(error: unknown): void
}

export class Request {
  readonly operation: Operation
  /** The server may have it, and has not said what became of it. */
  underWay = false
  readonly #lasting: boolean
  readonly #unheard: (error: unknown) => void
  #caller: Caller | undefined

  /**
   * @param lasting is to be done whether or not somebody waits
   * @param unheard hears of a failure that no caller hears of
   */
  constructor(operation: Operation, lasting: boolean, unheard: (error: unknown) => void) {
    this.operation = operation
    this.#lasting = lasting
    this.#unheard = unheard
  }

  /** Somebody waits for the answer. */
  get awaited(): boolean {
    return this.#caller !== undefined
  }

  /** Is to be done. A release is, even if its caller gave up: a hold without a holder is a ghost. */
  get wanted(): boolean {
    return this.awaited || this.#lasting || isRelease(this.operation)
  }

  /** Waits for the answer until the deadline; `expired` runs when that passed. */
  wait(clock: Clock, expired: () => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = clock.after(DEADLINE_MS, () => {
        this.reject(this.underWay ? outcomeUnknown() : notDone(this.operation))
        expired()
      })
      this.#caller = { timer, resolve, reject }
    })
  }

  resolve(answer: Answer): void {
    this.#take()?.resolve(answer)
  }

  reject(error: unknown): void {
    const caller = this.#take()
    if (caller) caller.reject(error)
    else this.#unheard(error)
  }

  /** Ends the wait, if there is one. */
  abandon(error: unknown): void {
    this.#take()?.reject(error)
  }

  #take(): Caller | undefined {
    const caller = this.#caller
    this.#caller = undefined
    caller?.timer.cancel()
    return caller
  }
}

export function outcomeUnknown(): ChanError {
  return new ChanError(
    'outcome-unknown',
    'The connection to PostgreSQL was lost with a change of presence under way.',
    'It may have happened. Doing it again does no harm; a hold that was put is released by itself.',
  )
}

function notDone(operation: Operation): ChanError {
  return new ChanError(
    'unavailable',
    `PostgreSQL did not take a change of presence within ${DEADLINE_MS} ms.`,
    isRelease(operation)
      ? 'Nothing is left to do: the hold is released as soon as the database answers.'
      : 'It was not sent. Try again once the database answers.',
    { details: { channel: operation.channel } },
  )
}
