// The layer that most programs use: channels of one process, without any server.

import { ChanError, ChannelLayer, type LayerOptions } from '@chan/core'
import { MemoryBackend } from './backend.js'
import { InMemoryBus } from './bus.js'
import { type BusLimitOptions, limitNames } from './bus-limits.js'

/** What `new InMemoryChannelLayer` takes. */
export interface InMemoryLayerOptions extends LayerOptions, BusLimitOptions {
  /** Shared with other layers of this process. Default: a bus of its own. The bus has its own limits. */
  readonly bus?: InMemoryBus | undefined
}

/**
 * Channels in the memory of this process: history, presence, groups and recovery, all gone when the
 * process ends. Layers that share a bus behave like processes that share a database.
 */
export class InMemoryChannelLayer extends ChannelLayer {
  /**
   * @throws {ChanError} `invalid-option` for a limit that is not a number from 0, or given together
   * with `bus`
   */
  constructor(options: InMemoryLayerOptions = {}) {
    const bus = options.bus ?? new InMemoryBus(options)
    if (options.bus) refuseLimits(options)
    const backend = new MemoryBackend(bus)
    super(backend, options)
    bus.own(this, backend)
  }
}

function refuseLimits(options: BusLimitOptions): void {
  const name = limitNames.find((limit) => options[limit] !== undefined)
  if (name === undefined) return
  throw new ChanError(
    'invalid-option',
    `'${name}' was given together with 'bus', which has its own.`,
    `Pass it to the bus: new InMemoryBus({ ${name} }).`,
  )
}
