// What carries messages between two processes, seen alike for us and for the peer.

import type { NumberedMessage } from '../../measure/numbered-message.js'
import type { WorkerSetup } from './setup.js'

export interface Wire {
  /** Resolves when the database has taken it. */
  publish(channel: number, message: NumberedMessage): Promise<unknown>
  /** Hears every channel. */
  subscribe(hear: (channel: number, message: NumberedMessage) => void): Promise<void>
  /** The carrier's own numbers, and what went wrong where nobody waited. */
  stats(): Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** Only the carrier that is used is loaded. */
export async function openWire(setup: WorkerSetup): Promise<Wire> {
  if (setup.via === 'chan') return (await import('./chan-wire.js')).openChanWire(setup)
  return (await import('./socketio-wire.js')).openSocketIoWire(setup)
}
