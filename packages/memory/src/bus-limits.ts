// How much a bus keeps: the options, their defaults, and the refusal of nonsense.

import { ChanError } from '@chan/core/backend'

/** How much a bus keeps in memory, and for how long. */
export interface BusLimits {
  /**
   * Channels without subscribers and presence whose history is kept: the most recently used.
   * Default 10,000; 0 forgets a channel as soon as nobody uses it.
   */
  readonly maxIdleChannels: number
  /**
   * How long, in milliseconds, a message can be read back after a gap whatever the channel's
   * history shows. Default 60,000.
   */
  readonly recoveryMs: number
  /**
   * Bytes that all channels of the bus together keep for that, counting 256 for each message beside
   * its body. Default 64 MiB. What history shows is kept beside it.
   */
  readonly recoveryBytes: number
  /**
   * How long, in milliseconds, the `id` of a publish is remembered. Default 300,000. The oldest are
   * forgotten earlier where the remembered messages exceed 64 MiB, counted in the same way (at most
   * 262,144 ids).
   */
  readonly idempotencyMs: number
}

/** `BusLimits` as options: what is left out takes its default. */
export type BusLimitOptions = { readonly [K in keyof BusLimits]?: BusLimits[K] | undefined }

const defaults: BusLimits = {
  maxIdleChannels: 10_000,
  recoveryMs: 60_000,
  recoveryBytes: 64 * 1024 * 1024,
  idempotencyMs: 300_000,
}

/** The options with defaults filled in. @throws {ChanError} `invalid-option` */
export function busLimits(options: BusLimitOptions): BusLimits {
  const limits: { -readonly [K in keyof BusLimits]: number } = { ...defaults }
  for (const key of limitNames) {
    const value: unknown = options[key]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new ChanError(
        'invalid-option',
        `'${key}' must be a number from 0, got ${String(value)}.`,
        `Leave '${key}' out for ${defaults[key]}, or pass Infinity for no bound.`,
      )
    }
    limits[key] = value
  }
  return limits
}

/** The names of the options, to tell them from those of a layer. */
export const limitNames = Object.keys(defaults) as readonly (keyof BusLimits)[]
