// Messages of servers by hand that have many rooms, each of which numbers its own.

import { type Data, envelope } from '../message.js'

export class NumberedRooms {
  readonly #offsets = new Map<string, number>()

  /** → the next message of the room, as Chan would send it. */
  text(room: string, data: Data): string {
    const offset = (this.#offsets.get(room) ?? 0) + 1
    this.#offsets.set(room, offset)
    return JSON.stringify(envelope(room, data, offset))
  }
}
