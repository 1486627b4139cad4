// What all servers written by hand have in common: they number messages as Chan would.

import type { Data } from '../message.js'
import type { Served } from '../servers/served.js'
import { NumberedRooms } from './numbered-rooms.js'

interface Bare {
  readonly port: number
  readonly sockets: { readonly size: number }
}

/** @param endTurn what is done after the publishes of a turn */
export function byHand(
  { port, sockets }: Bare,
  send: (text: string) => void,
  endTurn?: () => void,
): Served {
  const rooms = new NumberedRooms()
  return {
    port,
    size: () => sockets.size,
    publish: (room: string, data: Data) => send(rooms.text(room, data)),
    ...(endTurn && { endTurn }),
  }
}
