// A place in a channel's order, and the one rule that tells whether two places join up without a hole.

import { isValidName } from './names.js'

/** A place in a channel: the message with this offset, in this epoch, was the last one seen. */
export interface Position {
  /** Names one numbering of the channel; changes iff an offset may name another message than before. */
  readonly epoch: string
  /** Offset of the last message seen: 1, 2, 3 … without holes; 0 is before the first. */
  readonly offset: number
}

/** The position of a channel that nobody published to. It joins up with offset 1 of any epoch. */
export const START: Position = Object.freeze({ epoch: '', offset: 0 })

/** Whether `next` comes directly after `after`: nothing is missing between them, nothing repeated. */
export function joins(after: Position, next: Position): boolean {
  if (after.epoch === '') return next.offset === 1
  return next.epoch === after.epoch && next.offset === after.offset + 1
}

/**
 * Whether an untrusted value is a position: an offset that is a whole number from 0, and an epoch
 * that obeys the rules for names, or the empty epoch of `START` with offset 0. Other keys are ignored.
 */
export function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null) return false
  const { epoch, offset } = value as Partial<Position>
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) return false
  return epoch === '' ? offset === 0 : isValidName(epoch)
}
