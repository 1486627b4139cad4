// Positions that callers give are read once: what becomes of their objects later is theirs.

import { isPosition, type Position } from './message.js'

/** @internal What is no position is left as it is, to be refused. */
export function copyPosition<P extends Position | undefined>(position: P): P {
  if (!isPosition(position)) return position
  const { epoch, offset } = position
  return { epoch, offset } as P
}
