// What one process sees of one channel: its messages through core's gate, as a layer would see them,
// and its members.

import type { ChannelBackend, Message, Position } from '@chan/core/backend'
import { Feed, type FeedSource, START, systemClock } from '@chan/core/backend'
import { until } from '../until.js'
import { Attendance } from './attendance.js'

export class Follower {
  /** Stored messages, in the order of the gate. */
  readonly messages: Message[] = []
  readonly ephemerals: Message[] = []
  /** Where the gate lost continuity. A case that expects none checks that this is empty. */
  readonly resets: Position[] = []
  readonly readErrors: unknown[] = []
  readonly members: Attendance
  /** What `watch` answered. */
  position: Position | undefined
  readonly #feed: Feed

  constructor(backend: ChannelBackend, channel: string) {
    this.members = new Attendance(() => backend.list(channel))
    const source: FeedSource = {
      name: channel,
      clock: systemClock,
      position: START,
      read: (after, limit) => ({ page: backend.read(channel, after, limit), fresh: true }),
      failed: (error) => this.readErrors.push(error),
      run: (task) => task(),
    }
    this.#feed = new Feed(source, {
      deliver: (message) => {
        if (message.offset === undefined) this.ephemerals.push(message)
        else this.messages.push(message)
      },
      reset: ({ position }) => this.resets.push(position),
    })
  }

  async start(position: Position): Promise<void> {
    this.position = position
    this.#feed.start(position)
    await this.members.start()
  }

  accept(message: Message): void {
    this.#feed.accept(message)
  }

  gap(): void {
    this.#feed.gap()
    this.members.gap()
  }

  close(): void {
    this.#feed.close()
  }

  get offsets(): number[] {
    return this.messages.map((message) => message.offset as number)
  }

  get data(): unknown[] {
    return this.messages.map((message) => message.data)
  }

  /** Waits until so many stored messages have come. */
  async count(count: number): Promise<void> {
    await until(
      () => `${count} messages (have ${this.messages.length})`,
      () => this.messages.length >= count,
    )
  }
}
