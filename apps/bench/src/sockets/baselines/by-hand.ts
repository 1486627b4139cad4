// What all servers written by hand have in common: they number messages as Chan would.

import { type Data, envelope } from '../message.js'
import type { Served } from '../servers/served.js'

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
  let offset = 0
  return {
    port,
    size: () => sockets.size,
    publish: (room: string, data: Data) => send(JSON.stringify(envelope(room, data, ++offset))),
    ...(endTurn && { endTurn }),
  }
}
