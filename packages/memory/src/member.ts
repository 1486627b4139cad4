// One process on a bus: where its deliveries go while it lives.

import type { BackendSink, Message, PresenceChange } from '@chan/core/backend'

export class Member {
  #sink: BackendSink | null

  constructor(sink: BackendSink) {
    this.#sink = sink
  }

  get alive(): boolean {
    return this.#sink !== null
  }

  /** From here on nothing is called back, not even what is on its way (B10). */
  end(): void {
    this.#sink = null
  }

  // A sink must not throw; if one does, the other members still get theirs.

  deliver(channel: string, message: Message): void {
    try {
      this.#sink?.deliver(channel, message)
    } catch (error) {
      this.#sink?.report(error)
    }
  }

  presence(channel: string, change: PresenceChange): void {
    try {
      this.#sink?.presence(channel, change)
    } catch (error) {
      this.#sink?.report(error)
    }
  }
}
