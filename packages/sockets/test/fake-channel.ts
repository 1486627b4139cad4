// A channel without a layer, as those who serve clients see it: every step can be held up, failed, and
// looked at.

import type {
  Attachment,
  Beginning,
  Channel,
  Reader,
  ServedChannel,
  Session,
  SessionEnd,
  SlowConsumer,
  SlowConsumerPolicy,
} from '@chan/core/connections'
import { ManualClock } from '@chan/core/testing'
import { ChanError, Message, type Position } from '@chan/protocol'

type Step = 'ready' | 'authorize' | 'hold' | 'begin' | 'replayed' | 'group' | 'publish'

/** What a channel does to slow sockets, with counts of its own. */
export function slowConsumer(
  policy: SlowConsumerPolicy,
  keyOf: SlowConsumer['keyOf'] = () => '',
): SlowConsumer {
  return { policy, keyOf, counts: { disconnected: 0, caughtUp: 0, dropped: 0, conflated: 0 } }
}

/** One reader on the channel. Reads for it only when told to. */
export class FakeAttachment implements Attachment {
  live = false
  replayed: Promise<void> | undefined
  ended = 0
  beginning: Beginning | undefined
  readonly rewinds: Position[] = []
  readonly reader: Reader
  readonly #channel: FakeChannel

  constructor(channel: FakeChannel, reader: Reader) {
    this.#channel = channel
    this.reader = reader
  }

  async begin(beginning: Beginning): Promise<void> {
    this.beginning = beginning
    await this.#channel.step('begin')
    this.live = this.ended === 0
    if (this.#channel.isPaused('replayed')) this.replayed = this.#channel.step('replayed')
  }

  rewind(position: Position): void {
    this.rewinds.push(position)
    this.live = false
  }

  /** Delivers what the channel has after the last rewind, at the reader's pace. */
  async catchUp(): Promise<void> {
    const { rewinds } = this
    const after = rewinds.at(-1)?.offset ?? 0
    const count = rewinds.length
    for (const message of this.#channel.stored.slice(after)) {
      const room = this.reader.room()
      if (room) await room
      // Rewound again meanwhile: somebody else reads.
      if (this.ended > 0 || rewinds.length > count) return
      this.reader.deliver(message, true)
      if (rewinds.length > count) return
    }
    this.live = true
  }

  async end(): Promise<void> {
    if (this.ended++ > 0) return
    this.live = false
    this.#channel.log.push('end')
  }
}

/** What users hold of a channel, which leads to the side for those who serve it. */
export class FakeChannel {
  readonly name: string
  readonly log: string[] = []
  readonly reported: string[] = []
  readonly stored: Message[] = []
  readonly attachments: FakeAttachment[] = []
  readonly closing = new AbortController()
  readonly served: ServedChannel<Channel>
  sessions = 0
  #endSession: (why: SessionEnd) => void = () => {}
  readonly #slow: SlowConsumer
  readonly #gates = new Map<Step, Promise<void>>()
  readonly #failures = new Map<Step, unknown>()

  constructor(name = 'general', slow = slowConsumer('disconnect')) {
    this.name = name
    this.#slow = slow
    this.served = this.#serve()
    Object.assign(this, { [Symbol.for('chan.channel.served')]: this.served })
  }

  get channel(): Channel {
    return this as unknown as Channel
  }

  /** The reader of the only socket that receives it. */
  get attached(): FakeAttachment | undefined {
    return this.attachments.find(({ live, rewinds }) => live || rewinds.length > 0)
  }

  /** The layer closes. */
  close(): void {
    this.closing.abort()
    this.#endSession('closing')
  }

  /** The server disconnects its user. */
  disconnectUser(): void {
    this.#endSession('disconnected')
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

  isPaused(step: Step): boolean {
    return this.#gates.has(step)
  }

  fail(step: Step, error: unknown): void {
    this.#failures.set(step, error)
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#failures.clear()
  }

  /** The next stored message, delivered to whoever is live. */
  message(data: unknown): Message {
    const offset = this.stored.length + 1
    const message = this.#made(data, { offset, epoch: 'e' })
    this.stored.push(message)
    this.#deliver(message)
    return message
  }

  /** A message without a place. */
  ephemeral(data: unknown): Message {
    const message = this.#made(data, {})
    this.#deliver(message)
    return message
  }

  async publish(): Promise<void> {
    await this.step('publish')
  }

  async step(step: Step): Promise<void> {
    await this.#gates.get(step)
    if (this.#failures.has(step)) throw this.#failures.get(step)
  }

  #made(data: unknown, place: { readonly offset?: number; readonly epoch?: string }): Message {
    const body = JSON.stringify(data)
    return Message.fromStored({ channel: this.name, body, sender: null, timestamp: 0, ...place })
  }

  #deliver(message: Message): void {
    for (const { live, reader } of this.attachments) if (live) reader.deliver(message)
  }

  #serve(): ServedChannel<Channel> {
    const channel = this
    return {
      get name() {
        return channel.name
      },
      get handle() {
        return channel.channel
      },
      context: {
        clock: new ManualClock(),
        closing: this.closing.signal,
        report: (error, { operation }) => {
          this.reported.push(`${operation}: ${(error as Error).message}`)
        },
        newHold: () => 'hold',
        sessions: {
          ready: () => this.step('ready'),
          add: (_user: string | null, session: Session) => {
            this.sessions++
            this.#endSession = (why) => session.endSession(why)
          },
          remove: () => {
            this.sessions--
          },
        },
      },
      authorize: () => this.step('authorize'),
      attach: (reader) => {
        const attachment = new FakeAttachment(this, reader)
        this.attachments.push(attachment)
        return attachment
      },
      slowConsumer: () => this.#slow,
      bind: () => this.channel,
      hold: async (userId) => {
        this.log.push(`hold ${userId}`)
        await this.step('hold')
        return { first: true }
      },
      release: async (userId) => {
        this.log.push(`release ${userId}`)
        return { last: true }
      },
      enterGroup: async () => {
        this.log.push('hold group')
        await this.step('group')
      },
      leaveGroup: async () => {
        this.log.push('release group')
      },
    }
  }
}

export const unavailable = new ChanError('unavailable', 'no database', 'wait')
