// `@chan/core/connections`: what whoever serves clients needs of a channel.

export type { Channel } from './channel/channel.js'
export type { Group } from './channel/group.js'
export { servedChannel } from './channel/served.js'
export { callSafely, isThenable, passes } from './model/call.js'
export { type Clock, systemClock, type Timer } from './model/clock.js'
export { Latch } from './model/latch.js'
export { onAbort } from './model/on-abort.js'
export { refuse } from './model/option-check.js'
export type { ResetEvent } from './model/reset-event.js'
export type { SlowConsumer, SlowConsumerPolicy } from './model/slow-consumer.js'
export type {
  Attachment,
  Beginning,
  Reader,
  ServedChannel,
  ServingContext,
  Session,
  SessionEnd,
  SessionRegister,
} from './ports/connections.js'
export type { PageLimit } from './ports/log.js'
export { copyMetadata } from './presence/record.js'
