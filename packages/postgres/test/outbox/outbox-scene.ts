// An outbox of a process on the scene's database, closed when the test ends.
import { type Clock, type Entry, systemClock } from '@chan/core/backend'
import { afterEach } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { Session } from '../../src/connection/session.js'
import { Outbox, type OutboxHost } from '../../src/outbox/outbox.js'
import type { Scene } from '../housekeeping/scene.js'

export const limits = { maxHistory: 100, historyTtlMs: null, explicit: false }

export function entry(data: unknown, more: Partial<Entry> = {}): Entry {
  const body = JSON.stringify(data)
  const bytes = Buffer.byteLength(body)
  return { body, bytes, sender: null, timestamp: 5, id: null, ephemeral: false, ...more }
}

export interface OutboxScene {
  /** Makes one that relays; it never looks for rows of others unless `pollMs` says so. */
  outbox(options?: Partial<OutboxHost>): Outbox
  readonly reported: unknown[]
}

export function outboxScene(db: Scene): OutboxScene {
  const made: Outbox[] = []
  const reported: unknown[] = []
  afterEach(async () => {
    reported.length = 0
    await Promise.all(made.splice(0).map((outbox) => outbox.close()))
  })
  return {
    reported,
    outbox(options = {}) {
      const clock: Clock = systemClock
      const outbox = new Outbox({
        clock,
        schema: '"chan"',
        query: (text, values) => db.query(text, values) as never,
        open: (signal, deadlineMs) =>
          Session.open(new SessionConfig(db.url), {
            signal,
            deadlineMs: Math.max(deadlineMs, 5_000),
          }),
        maxTransactions: 10,
        durable: true,
        pollMs: 0,
        defaultHistory: 100,
        processes: () => 1,
        report: (error) => reported.push(error),
        ...options,
      })
      made.push(outbox)
      outbox.start()
      return outbox
    },
  }
}
