// The rooms of a layer: one for each channel that somebody in this process uses.

import { CONTROL_CHANNEL } from './control.js'
import { Room, type RoomParts } from './room.js'

/** @internal */
export class Rooms {
  readonly parts: RoomParts
  readonly #byName = new Map<string, Room>()

  constructor(parts: RoomParts) {
    this.parts = parts
  }

  /** Channels in use; not those that only layers read. */
  get count(): number {
    return this.#byName.size - (this.#byName.has(CONTROL_CHANNEL) ? 1 : 0)
  }

  /** Subscribers of the channels that are counted. */
  get subscribers(): number {
    let total = 0
    for (const room of this.#byName.values()) {
      if (room.name !== CONTROL_CHANNEL) total += room.subscribers.size
    }
    return total
  }

  get(channel: string): Room | undefined {
    return this.#byName.get(channel)
  }

  all(): Room[] {
    return [...this.#byName.values()]
  }

  /**
   * A watched room with one more user; whoever gets it releases its watch.
   * @throws {ChanError} what the backend refuses the watch with
   */
  async enter(channel: string): Promise<Room> {
    let room = this.#byName.get(channel)
    if (!room) {
      room = new Room(channel, this.parts, this.#forget)
      this.#byName.set(channel, room)
    }
    const watched = room.watch.acquire()
    if (watched) await watched
    return room
  }

  /** Resolves when subscribers have heard of everything this process stored or has heard of. */
  async settled(): Promise<void> {
    await Promise.all(this.all().map((room) => room.settled()))
  }

  /** Ends everything in them; the layer is closing. */
  close(): void {
    for (const room of this.#byName.values()) room.close()
    this.#byName.clear()
  }

  readonly #forget = (room: Room): void => {
    this.#byName.delete(room.name)
  }
}
