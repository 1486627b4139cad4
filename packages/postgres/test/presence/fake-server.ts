// A server that answers when and how a test says, and the queue in front of it.

import { ManualClock } from '@chan/core/testing'
import { DatabaseError } from 'pg'
import { SessionLost } from '../../src/connection/errors.js'
import type { Session } from '../../src/connection/session.js'
import { OwnHolds } from '../../src/presence/own-holds.js'
import { PresenceQueue } from '../../src/presence/presence-queue.js'

/** A call that waits for its answer. */
export interface Call {
  /** `presence_apply`, `presence_settle`, `presence_held` */
  readonly name: string
  /** Of a batch: what it asks for, as 'kind subject'. */
  readonly operations: readonly string[]
  readonly node: number
  readonly number: number
  answer(row: object): void
  /** The server refuses. */
  refuse(state: string): void
  /** The connection is lost, before or after the call went out. */
  lose(sent: boolean): void
}

export class FakeServer {
  readonly clock = new ManualClock()
  readonly holds = new OwnHolds()
  readonly takenOut: number[] = []
  readonly reports: unknown[] = []
  /** Without one, nothing can be sent. */
  connected = true
  serverChanges = 0
  readonly queue: PresenceQueue
  readonly #calls: Call[] = []

  constructor() {
    const session = { query: (text: string, values: unknown[]) => this.#query(text, values) }
    this.queue = new PresenceQueue({
      clock: this.clock,
      schema: 'chan',
      holds: this.holds,
      session: async () => {
        if (!this.connected) throw new Error('not connected')
        return session as unknown as Session
      },
      serverChanged: async () => {
        this.serverChanges++
      },
      takenOut: (node) => void this.takenOut.push(node),
      report: (error) => void this.reports.push(error),
    })
  }

  /** The next call, which must come without any time passing but pauses between attempts. */
  async call(name = 'presence_apply'): Promise<Call> {
    for (let turn = 0; turn < 100; turn++) {
      const call = this.#calls.shift()
      if (call && call.name !== name) throw new Error(`${call.name} was called, not ${name}`)
      if (call) return call
      await new Promise((resolve) => setTimeout(resolve, 1))
      this.clock.advance(turn % 10 === 9 ? 20 : 0)
    }
    throw new Error(`${name} was not called`)
  }

  /** Lets everything happen that happens by itself. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1))
    const [call] = this.#calls
    if (call) throw new Error(`${call.name} was called: ${call.operations.join()}`)
  }

  #query(text: string, values: readonly unknown[]): Promise<object[]> {
    const [node, number, operations] = values as [number, number, string | undefined]
    return new Promise((resolve, reject) => {
      this.#calls.push({
        name: /chan\.(\w+)/.exec(text)?.[1] as string,
        operations: (operations?.split('\u001e') ?? []).map((operation) => {
          const [kind, , subject] = operation.split('\u001f')
          return `${kind} ${subject}`
        }),
        node,
        number,
        answer: (row) => resolve([row]),
        refuse: (state) => {
          const error = new DatabaseError(`refused with ${state}`, 0, 'error')
          reject(Object.assign(error, { code: state, severity: 'ERROR' }))
        },
        lose: (sent) => reject(new SessionLost('lost', sent)),
      })
    })
  }
}
