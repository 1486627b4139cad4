// How processes stand around a database, what they are asked to carry, and how that went.

import type { Quantiles } from '../measure/numbers.js'
import type { Cost } from './cost.js'
import type { LayerSetup, Via, WorkerSetup } from './workers/setup.js'

export interface Shape {
  readonly via?: Via
  readonly channels?: number
  /** Bytes of a message's JSON text. */
  readonly size?: number
  readonly publishers?: number
  /** How many publishes may be unresolved at a time, over all publishers. */
  readonly window?: number
  readonly layer?: LayerSetup
  /** Of the publishers alone, over `layer`. */
  readonly publisherLayer?: LayerSetup
}

/** What is not said otherwise. */
export const USUAL = {
  via: 'chan',
  channels: 100,
  size: 100,
  publishers: 1,
  window: 10_000,
  layer: {},
  publisherLayer: {},
} as const satisfies Required<Shape>

export interface Load {
  /** Over all publishers. */
  readonly messages: number
  /** A second, over all publishers. Default: as fast as they go. */
  readonly rate?: number
}

export interface Measured {
  readonly messages: number
  /** Received, from the first publish to the last callback. */
  readonly perSecond: number
  readonly seconds: number
  readonly latency: Quantiles
  readonly cost: Cost
  readonly outOfOrder: number
  readonly lost: number
}

/** What a worker is told; `publisher` is undefined for the subscriber. */
export function setupOf(
  shape: Shape,
  databaseUrl: string,
  publisher: number | undefined,
  profileFolder = '',
): WorkerSetup {
  const { via, channels, size, publishers, layer, publisherLayer } = { ...USUAL, ...shape }
  return {
    via,
    databaseUrl,
    layer: publisher === undefined ? layer : { ...layer, ...publisherLayer },
    channels,
    publishers,
    publisher: publisher ?? 0,
    size,
    profileFolder,
  }
}
