// Where epochs get their randomness.

/**
 * 96 random bits as text. One per bus: its channels count on from it, so that an epoch never
 * repeats, neither on this bus nor after a restart.
 */
export function newEpochPrefix(): string {
  const words = crypto.getRandomValues(new Uint32Array(3))
  return Array.from(words, (word) => word.toString(36).padStart(7, '0')).join('')
}
