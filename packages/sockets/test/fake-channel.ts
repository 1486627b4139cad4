// A channel without a layer: every step of a bridge can be held up, failed, and looked at.

import type {
  Channel,
  MessageReceiver,
  Session,
  SessionEnd,
  SlowConsumer,
} from '@chan/core/connections'
import { ManualClock } from '@chan/core/testing'
import { ChanError, Message, type Position, START } from '@chan/protocol'

type Step = 'authorize' | 'hold' | 'attach' | 'group' | 'history' | 'publish'

type Attached = MessageReceiver

export class FakeChannel {
  readonly name = 'general'
  readonly log: string[] = []
  readonly reported: string[] = []
  readonly stored: Message[] = []
  readonly closing = new AbortController()
  sessions = 0
  position: Position = START
  attached: Attached | undefined
  #endSession: (why: SessionEnd) => void = () => {}
  readonly #gates = new Map<Step, Promise<void>>()
  readonly #failures = new Map<Step, unknown>()

  /** For code under test. */
  get channel(): Channel {
    return this as unknown as Channel
  }

  /** The layer closes. */
  close(): void {
    this.closing.abort()
    this.#endSession('closing')
  }

  /** The step waits until the answer is called. */
  pause(step: Step): () => void {
    let go = () => {}
    this.#gates.set(step, new Promise((resolve) => (go = resolve)))
    return () => {
      this.#gates.delete(step)
      go()
    }
  }

  fail(step: Step, error: unknown): void {
    this.#failures.set(step, error)
  }

  message(data: unknown): Message {
    const offset = this.position.offset + 1
    this.position = { epoch: 'e', offset }
    const message = Message.fromStored({
      channel: this.name,
      body: JSON.stringify(data),
      sender: null,
      timestamp: 0,
      offset,
      epoch: 'e',
    })
    this.stored.push(message)
    this.attached?.deliver(message)
    return message
  }

  async history({ before, limit = 100 }: { before?: Position; limit?: number }) {
    await this.#step('history')
    const upTo = before ? before.offset : Number.POSITIVE_INFINITY
    const shown = this.stored.filter((message) => (message.offset ?? 0) < upTo)
    return shown.slice(-limit)
  }

  async publish(): Promise<void> {
    await this.#step('publish')
  }

  readonly inner = {
    context: {
      clock: new ManualClock(),
      closing: this.closing.signal,
      report: (error: unknown, { operation }: { operation: string }) => {
        this.reported.push(`${operation}: ${(error as Error).message}`)
      },
      newHold: () => 'hold',
      sessions: {
        ready: async () => {},
        add: (_user: string | null, session: Session) => {
          this.sessions++
          this.#endSession = (why) => session.endSession(why)
        },
        remove: () => {
          this.sessions--
        },
      },
    },
    authorize: () => this.#step('authorize'),
    attach: async (receiver: Attached) => {
      await this.#step('attach')
      this.attached = receiver
      const { position } = this
      return {
        // As the real one: it moves on with every delivery.
        get position() {
          return position
        },
        unsubscribe: async () => {
          this.attached = undefined
          this.log.push('unsubscribe')
        },
      }
    },
    bind: () => this.channel,
    slowConsumer: () => DISCONNECT,
    group: () => ({
      hold: async () => {
        this.log.push('hold group')
        await this.#step('group')
      },
      release: async () => {
        this.log.push('release group')
      },
    }),
    hold: async (userId: string) => {
      this.log.push(`hold ${userId}`)
      await this.#step('hold')
      return { first: true }
    },
    release: async (userId: string) => {
      this.log.push(`release ${userId}`)
      return { last: true }
    },
  }

  async #step(step: Step): Promise<void> {
    await this.#gates.get(step)
    if (this.#failures.has(step)) throw this.#failures.get(step)
  }
}

export const unavailable = new ChanError('unavailable', 'no database', 'wait')

export const DISCONNECT: SlowConsumer = {
  policy: 'disconnect',
  keyOf: () => '',
  counts: { disconnected: 0, dropped: 0, conflated: 0 },
}
