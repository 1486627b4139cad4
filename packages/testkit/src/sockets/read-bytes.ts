// A peer that reads as much as a test says, and no more.

import type { Socket } from 'node:net'

/** Lets a paused socket read until it has so many bytes more, a chunk at a time; it is paused then. */
export function readBytes(socket: Socket, bytes: number): Promise<void> {
  let rest = bytes
  return new Promise((resolve) => {
    const take = (chunk: Buffer) => {
      rest -= chunk.length
      if (rest > 0) return
      socket.off('data', take)
      socket.pause()
      resolve()
    }
    socket.on('data', take)
    socket.resume()
  })
}
