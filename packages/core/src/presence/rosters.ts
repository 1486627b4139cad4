// The rosters of a layer: one for each channel whose members are listened to, with the room that it
// keeps watched.

import type { Hub } from '../hub/hub.js'
import { layerClosed } from '../hub/lifecycle.js'
import type { Room } from '../hub/room.js'
import { onAbort } from '../model/on-abort.js'
import type { RosterListener } from './audience.js'
import { Roster } from './roster.js'

/** @internal */
export class Rosters {
  readonly #hub: Hub
  readonly #rosters = new Map<string, Roster>()
  /** Takes the abort listeners of those who listen back. */
  readonly #offs = new Set<() => void>()
  #closed = false

  constructor(hub: Hub) {
    this.#hub = hub
  }

  /** Listens to a channel's members until the signal aborts; answers how to stop (idempotent). */
  async listen(
    channel: string,
    listener: RosterListener,
    signal: AbortSignal | undefined,
  ): Promise<() => void> {
    this.#hub.lifecycle.assertUsable()
    await this.#hub.lifecycle.ready()
    const room = await this.#hub.rooms.enter(channel)
    const roster = this.#rosterOf(room)
    const end = () => {
      // After the close there is nothing to give back.
      if (!this.#offs.delete(off)) return
      off()
      roster.stop(listener)
      this.#leave(room, roster)
    }
    // Before anything is told, so that nothing is after an abort.
    const off = onAbort(signal, end)
    this.#offs.add(off)
    try {
      if (!signal?.aborted) await roster.listen(listener)
      if (this.#closed) throw layerClosed()
      signal?.throwIfAborted()
    } catch (error) {
      end()
      throw signal?.aborted ? signal.reason : error
    }
    return end
  }

  /** Nothing is told any more. */
  close(): void {
    this.#closed = true
    for (const off of this.#offs) off()
    this.#offs.clear()
    for (const roster of this.#rosters.values()) roster.close()
    this.#rosters.clear()
  }

  #rosterOf(room: Room): Roster {
    const known = this.#rosters.get(room.name)
    if (known) return known
    const roster = new Roster(this.#hub, room.name)
    room.presenceListeners.add(roster)
    this.#rosters.set(room.name, roster)
    return roster
  }

  #leave(room: Room, roster: Roster): void {
    if (!roster.inUse && this.#rosters.get(room.name) === roster) {
      roster.close()
      this.#rosters.delete(room.name)
      room.presenceListeners.delete(roster)
    }
    room.watch.release()
  }
}
