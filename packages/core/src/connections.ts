// `@chan/core/connections`: what whoever serves clients needs of a channel.

export { Channel, type ChannelInner, type MessageReceiver } from './channel/channel.js'
export type { Group } from './channel/group.js'
export type { Subscription } from './channel/subscription.js'
export type { Session, SessionEnd } from './hub/sessions.js'
export { callSafely, isThenable, passes } from './model/call.js'
export { type Clock, systemClock, type Timer } from './model/clock.js'
export { onAbort } from './model/on-abort.js'
export { refuse } from './model/option-check.js'
export type { SlowConsumer, SlowConsumerPolicy } from './model/slow-consumer.js'
