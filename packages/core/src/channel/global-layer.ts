// The layer of the whole program, for code that has no other way to it. Duplicate copies of this
// package share it.

import { ChanError } from '../model/message.js'
import type { ChannelLayer } from './layer.js'

const key = Symbol.for('chan.layer')
const home = globalThis as unknown as Record<symbol, ChannelLayer | undefined>

/** Makes `layer` the one that `getChannelLayer` answers; `undefined` takes it back. */
export function setChannelLayer(layer: ChannelLayer | undefined): void {
  home[key] = layer
}

/**
 * The layer that was set.
 * @throws {ChanError} `layer-not-set`
 */
export function getChannelLayer(): ChannelLayer {
  const layer = home[key]
  if (layer) return layer
  throw new ChanError(
    'layer-not-set',
    'No channel layer was set.',
    'Call setChannelLayer(new InMemoryChannelLayer()) once when the program starts.',
  )
}
