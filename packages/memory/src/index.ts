// The public surface of @chan/memory.

// A program that uses this package names no other: what `@chan/core` gives to users comes along.
export * from '@chan/core'
export { MemoryBackend } from './backend.js'
export { InMemoryBus, type InMemoryBusOptions } from './bus.js'
export type { BusLimitOptions, BusLimits } from './bus-limits.js'
export { InMemoryChannelLayer, type InMemoryLayerOptions } from './layer.js'
