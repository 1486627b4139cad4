// A WebSocket client for tests: remembers what arrived, and waits for what should.

import { waitFor } from '@chan/testkit'
import { WebSocket } from 'ws'

// biome-ignore lint/suspicious/noExplicitAny: frames are whatever the server sent
type Frame = any

/** Long enough for a busy machine; a test with a shorter timeout ends before. */
const FRAME_MS = 15_000

export interface SocketClient {
  /** All frames so far, parsed, oldest first. */
  readonly frames: readonly Frame[]
  /** The close code and reason, once closed. */
  readonly ended: Promise<{ code: number; reason: string }>
  send(text: string): void
  /** Resolves with the first frame that fits. */
  frame(label: string, fits: (frame: Frame) => boolean): Promise<Frame>
  /** Reads nothing from the network until `resume`. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

/**
 * Connects to a path of the demo at `url`. The upgrade is complete when it resolves. Without an
 * origin it is no browser's.
 */
export async function openSocket(
  url: string,
  path: string,
  origin?: string,
): Promise<SocketClient> {
  const frames: Frame[] = []
  const socket = connect(url, path, origin)
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  const ended = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return {
    frames,
    ended,
    send: (text) => socket.send(text),
    frame: (label, fits) => waitFor(() => frames.find(fits), { label, deadlineMs: FRAME_MS }),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    async close() {
      socket.close()
      await ended
    },
  }
}

/** The HTTP status that an upgrade is refused with. */
export function refusedStatus(url: string, path: string, origin?: string): Promise<number> {
  const socket = connect(url, path, origin)
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error(`${path} was accepted`)))
    socket.once('error', () => {})
    socket.once('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
  })
}

function connect(url: string, path: string, origin: string | undefined): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}${path}`, origin ? { origin } : {})
}
