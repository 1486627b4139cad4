// A backend around a backend whose calls fail, hang, or go unheard, when a test says so.

import type { BackendContext, ChannelBackend, GapCause } from '@chan/core/backend'
import { turns } from '../until.js'
import { atMost } from './entry.js'

const SLOW_TURNS = 20

/** A method of the port that answers with a promise. */
export type Call = Exclude<keyof ChannelBackend, 'facts' | 'stats'>

/** A backend and the switches of its faults. */
export class Faulty {
  readonly backend: ChannelBackend
  /** Stored messages, presence changes and gaps do not arrive while this is true. */
  deaf = false
  readonly #failures = new Map<PropertyKey, unknown[]>()
  #truncated = false
  readonly #slow = new Set<PropertyKey>()
  readonly #hanging = new Set<PropertyKey>()
  #gap: ((channel: string | null, cause: GapCause) => void) | undefined

  constructor(backend: ChannelBackend) {
    const open = ({ sink, clock }: BackendContext) => {
      this.#gap = (channel, cause) => sink.gap(channel, cause)
      return backend.open({
        sink: {
          status: (state, error) => sink.status(state, error),
          report: (error) => sink.report(error),
          gap: (channel, cause) => {
            if (!this.deaf) sink.gap(channel, cause)
          },
          deliver: (channel, message) => {
            if (!this.deaf || message.offset === undefined) sink.deliver(channel, message)
          },
          presence: (channel, change) => {
            if (!this.deaf) sink.presence(channel, change)
          },
        },
        clock,
      })
    }
    // It may go deaf, which nobody inside one process does.
    const facts = { ...backend.facts, crossProcess: true }
    this.backend = new Proxy(backend, {
      get: (target, key) => {
        if (key === 'facts') return facts
        const value: unknown = key === 'open' ? open : Reflect.get(target, key)
        if (typeof value !== 'function') return value
        if (key === 'stats') return value.bind(target)
        return (...args: unknown[]) => {
          const failures = this.#failures.get(key)
          if (failures && failures.length > 0) return Promise.reject(failures.shift())
          if (key === 'read' && this.#truncated) return this.#readNothing(backend, args)
          if (this.#hanging.has(key)) return new Promise(() => {})
          const answer: unknown = value.apply(target, args)
          return this.#slow.delete(key) ? turns(SLOW_TURNS).then(() => answer) : answer
        }
      },
    })
  }

  /** The next calls of this kind reject with these errors, one each, and do nothing. */
  fail(call: Call, ...errors: readonly unknown[]): void {
    this.#failures.set(call, [...(this.#failures.get(call) ?? []), ...errors])
  }

  /** The next call of this kind is carried out at once and answered late. */
  slow(call: Call): void {
    this.#slow.add(call)
  }

  /** Calls of this kind never settle from now on. */
  hang(call: Call): void {
    this.#hanging.add(call)
  }

  /** The next read finds that the log no longer reaches back. */
  truncate(): void {
    this.#truncated = true
  }

  /** Owns up to what was missed while it was deaf. */
  gap(channel: string | null): void {
    this.deaf = false
    this.#gap?.(channel, 'connection-lost')
  }

  async #readNothing(backend: ChannelBackend, args: unknown[]) {
    this.#truncated = false
    const [channel, after] = args as Parameters<ChannelBackend['read']>
    const { top, floor } = await backend.read(channel, after, atMost(1))
    return { messages: [], top, truncated: true, floor }
  }
}
