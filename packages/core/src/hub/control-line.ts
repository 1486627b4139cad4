// A process's ear and mouth on the control channel: it listens while somebody here may be concerned,
// and knows when it may have missed something.

import type { Clock } from '../model/clock.js'
import type { HistoryLimits } from '../model/history.js'
import type { Message } from '../model/message.js'
import { CONTROL_CHANNEL, type ControlCommand, parseCommand } from './control.js'
import type { Lifecycle } from './lifecycle.js'
import { makeEntry, type Publisher } from './publisher.js'
import type { Rooms } from './rooms.js'
import type { SubscriberKind } from './subscriber.js'

/** Commands are for those who listen; nobody reads them back. */
const LIMITS: HistoryLimits = { maxHistory: 0, historyTtlMs: null, explicit: true }

/** What a line works with. */
export interface ControlParts {
  readonly lifecycle: Lifecycle
  readonly rooms: Rooms
  readonly publisher: Publisher
  readonly clock: Clock
}

/** Who is told what came. */
export interface ControlListener {
  /** A command of another process. */
  obey(command: ControlCommand): void
  /** Commands may have been missed, or were not understood. */
  unsure(): void
}

/** Listening, in the making or made. */
interface Ear {
  leave(): void
}

/** @internal */
export class ControlLine {
  readonly #parts: ControlParts
  readonly #listener: ControlListener
  #ear: Ear | undefined
  #ready: Promise<void> | undefined
  #self: string | undefined
  readonly #kind: SubscriberKind = {
    callback: (message) => this.#hear(message),
    onReset: ({ missed }) => missed !== 0 && this.#listener.unsure(),
  }

  constructor(parts: ControlParts, listener: ControlListener) {
    this.#parts = parts
    this.#listener = listener
  }

  /** Nothing while every command is heard, else a promise of that. Rejects if listening failed. */
  get ready(): Promise<void> | undefined {
    return this.#ready
  }

  /** Listens, unless it does. Answers `ready` if that begins now. After a failure it tries again. */
  start(): Promise<void> | undefined {
    // What begins while the layer closes is ended by whoever begins it.
    if (this.#ear || this.#parts.lifecycle.closing.aborted) return undefined
    const ear: Ear = { leave: () => {} }
    this.#ear = ear
    this.#ready = this.#listen(ear)
    return this.#ready
  }

  /** Listens no more; harmless if it does not. */
  stop(): void {
    const ear = this.#ear
    this.#ear = undefined
    this.#ready = undefined
    ear?.leave()
  }

  /** Tells the other processes; resolves when the command is stored. */
  async send(command: ControlCommand): Promise<void> {
    const { publisher, clock } = this.#parts
    this.#self ??= randomName()
    const stamp = { sender: this.#self, id: null, ephemeral: false }
    const entry = makeEntry(JSON.stringify(command), stamp, clock)
    await publisher.publish(CONTROL_CHANNEL, LIMITS, entry)
  }

  #hear({ sender, data }: Message): void {
    // Obeyed when it was given: who came back since then may stay.
    if (sender !== null && sender === this.#self) return
    const command = parseCommand(data)
    if (command) this.#listener.obey(command)
    else this.#listener.unsure()
  }

  async #listen(ear: Ear): Promise<void> {
    const { lifecycle, rooms } = this.#parts
    try {
      await lifecycle.ready()
      const room = await rooms.enter(CONTROL_CHANNEL)
      if (this.#ear !== ear) return room.watch.release()
      const subscriber = room.attach(this.#kind, { userId: null })
      ear.leave = () => {
        room.detach(subscriber)
        room.watch.release()
      }
      this.#ready = undefined
    } catch (error) {
      // Nobody waits for it any more.
      if (this.#ear !== ear) return
      this.stop()
      throw error
    }
  }
}

/** Tells this process's commands from those of others. */
function randomName(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((word) => word.toString(36)).join('')
}
