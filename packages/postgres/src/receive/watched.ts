// The channels this process watches, and how far each was heard of: what a comparison with the
// database is made against when doorbells may have been missed.

import type { Position } from '@chan/core/backend'

/** How far a channel was heard of. */
export interface Heard {
  epoch: string
  offset: number
  /** The presence version last heard of. */
  version: number
  /** The database has confirmed the watch: what is heard now can be compared. */
  confirmed: boolean
}

/** Where a channel stands in the database. */
export interface Standing {
  readonly channel: string
  readonly top: Position
  readonly version: number
}

export class Watched {
  readonly #channels = new Map<string, Heard>()

  get size(): number {
    return this.#channels.size
  }

  get names(): readonly string[] {
    return [...this.#channels.keys()]
  }

  has(channel: string): boolean {
    return this.#channels.has(channel)
  }

  /** Doorbells of the channel count from here on. */
  add(channel: string): void {
    this.#channels.set(channel, { epoch: '', offset: 0, version: 0, confirmed: false })
  }

  delete(channel: string): void {
    this.#channels.delete(channel)
  }

  /** The watch begins where the channel stands, or where doorbells have brought it meanwhile. */
  confirm({ channel, top, version }: Standing): void {
    const heard = this.#channels.get(channel)
    if (!heard) return
    heard.confirmed = true
    this.heardMessage(channel, top.epoch, top.offset)
    this.heardPresence(channel, version)
  }

  heardMessage(channel: string, epoch: string, offset: number): void {
    const heard = this.#channels.get(channel)
    if (!heard || (heard.epoch === epoch && heard.offset >= offset)) return
    heard.epoch = epoch
    heard.offset = offset
  }

  heardPresence(channel: string, version: number): void {
    const heard = this.#channels.get(channel)
    if (heard && version > heard.version) heard.version = version
  }

  /** The presence versions heard of by now. */
  versions(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#channels, ([channel, { version }]) => [channel, version]))
  }

  /**
   * Whether the database knows more of the channel than was heard, or of an earlier version of its
   * members: a standby took over that had not got the latest. It counts as heard then.
   * @param before the version heard of when the database was asked: what came later is no sign
   */
  isBehind({ channel, top, version }: Standing, before = 0): boolean {
    const heard = this.#channels.get(channel)
    if (!heard) return false
    const wentBack = version < before
    if (wentBack && heard.version === before) heard.version = version
    const otherEpoch = heard.epoch !== top.epoch && (top.offset > 0 || heard.offset > 0)
    const missed = heard.offset < top.offset || heard.version < version
    const behind = !heard.confirmed || otherEpoch || missed || wentBack
    if (otherEpoch) Object.assign(heard, { epoch: top.epoch, offset: top.offset })
    this.heardMessage(channel, top.epoch, top.offset)
    this.heardPresence(channel, version)
    return behind
  }
}
