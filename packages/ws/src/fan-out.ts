// The same frames to many sockets: framed once, one write for each.

import { Buffer } from 'node:buffer'
import type { Bundle, FanOut } from '@chan/sockets'
import type { WsSocket } from './ws-socket.js'

/** @internal */
export const fanOut: FanOut = {
  write(bundle, sockets) {
    for (const socket of sockets) (socket as WsSocket).write(bundle)
  },
}

/** @internal The bundle as it goes over the wire: unmasked, unfragmented text frames (RFC 6455, 5.2). */
export function framed(bundle: Bundle): Buffer {
  if (bundle.wire === undefined) bundle.wire = frame(bundle)
  return bundle.wire as Buffer
}

const FINAL_TEXT = 0x81
/** From here on the length has a field of two bytes, and of eight. */
const MEDIUM = 126
const LONG = 65_536

function frame(bundle: Bundle): Buffer {
  const { frames } = bundle
  let size = bundle.bytes
  for (const { bytes } of frames) size += headBytes(bytes)
  const buffer = Buffer.allocUnsafe(size)
  let at = 0
  for (const { text, bytes } of frames) {
    buffer[at] = FINAL_TEXT
    if (bytes < MEDIUM) buffer[at + 1] = bytes
    else if (bytes < LONG) {
      buffer[at + 1] = MEDIUM
      buffer.writeUInt16BE(bytes, at + 2)
    } else {
      buffer[at + 1] = MEDIUM + 1
      buffer.writeBigUInt64BE(BigInt(bytes), at + 2)
    }
    at += headBytes(bytes)
    at += buffer.write(text, at, bytes === text.length ? 'latin1' : 'utf8')
  }
  return buffer
}

/** Of what comes before a text of so many bytes. */
function headBytes(bytes: number): number {
  return bytes < MEDIUM ? 2 : bytes < LONG ? 4 : 10
}
