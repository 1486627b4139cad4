// A server under measurement, seen alike whatever it is made of.

import type { WorkerMethods } from '@chan/testkit/worker'
import type { Data } from '../message.js'

export interface Served {
  readonly port: number
  /** What it can be told besides. */
  readonly methods?: WorkerMethods
  /** Sockets that get what is published. */
  size(): number
  /** To everybody in the room. */
  publish(room: string, data: Data): void
  /** Ends a turn's publishes; only what is framed by hand has to be told. */
  endTurn?(): void
  /** Codes of the connections that were closed, where the server tells. */
  closes?(): readonly number[]
  /** What went wrong where nobody waited. */
  errors?(): readonly string[]
}
