// What a bus knows about one channel. It exists while there is a log, a watcher or somebody present.

import type { ChannelLog } from './channel-log.js'
import { ChannelPresence } from './channel-presence.js'
import type { Member } from './member.js'

export class Topic {
  readonly name: string
  /** Made by the first stored message, never by watching, reading or presence. */
  log: ChannelLog | null = null
  readonly presence = new ChannelPresence()
  // Replaced, never changed: a delivery under way keeps the array it began with.
  #watchers: readonly Member[] = []

  constructor(name: string) {
    this.name = name
  }

  get watchers(): readonly Member[] {
    return this.#watchers
  }

  /** Nobody watches and nobody is present. */
  get idle(): boolean {
    return this.#watchers.length === 0 && this.presence.empty
  }

  watch(member: Member): void {
    if (!this.#watchers.includes(member)) this.#watchers = [...this.#watchers, member]
  }

  /** Whether the member watched. */
  unwatch(member: Member): boolean {
    if (!this.#watchers.includes(member)) return false
    this.#watchers = this.#watchers.filter((watcher) => watcher !== member)
    return true
  }
}
