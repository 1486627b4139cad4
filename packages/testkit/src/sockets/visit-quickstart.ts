// A visitor of the adapters' quickstart, which stays until Ctrl-C.

import { WebSocket } from 'ws'
import { waitFor } from '../wait-for.js'

export interface Visit {
  /** What she heard when she had said hello. */
  readonly echo: unknown
  /** How she was turned out. */
  readonly closeCode: number
}

/**
 * Call it before the quickstart is started. What it answers has alice say hello in `chat:general`,
 * then interrupts the quickstart, and nobody else, as Ctrl-C would.
 */
export function quickstartVisitor(): (port: number) => Promise<Visit> {
  const before = new Set(process.listeners('SIGINT'))
  return async (port) => {
    const alice = new WebSocket(`ws://127.0.0.1:${port}/ws/chat/general?user=alice`)
    const received: string[] = []
    alice.on('message', (text) => received.push(String(text)))
    const closed = new Promise<number>((resolve) => alice.on('close', resolve))
    alice.on('open', () => alice.send(JSON.stringify({ text: 'hello' })))
    await waitFor(() => received.length === 1, { label: 'the echo' })
    const [interrupt] = process.listeners('SIGINT').filter((listener) => !before.has(listener))
    interrupt?.('SIGINT')
    return { echo: JSON.parse(received[0] ?? ''), closeCode: await closed }
  }
}
