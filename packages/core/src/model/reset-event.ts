// What whoever receives a channel is told when messages were lost on the way.

import type { Position } from './message.js'

/** Told when continuity was lost: delivery goes on after `position`. */
export interface ResetEvent {
  readonly position: Position
  /** How many messages are known to be lost; `null` if that cannot be known. */
  readonly missed: number | null
}
