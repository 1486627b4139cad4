// The public surface of @chan/core: channels, and nothing about how they travel to a browser.

export { Channel, type PresenceSubscription } from './channel/channel.js'
export { getChannelLayer, setChannelLayer } from './channel/global-layer.js'
export { Group, type GroupPublishOptions } from './channel/group.js'
export { ChannelLayer, type LayerOptions, type LayerStats } from './channel/layer.js'
export type { MessageStream, MessagesOptions } from './channel/message-stream.js'
export type { PublishOptions } from './channel/publish.js'
export type { SubscribeOptions } from './channel/subscribe.js'
export type { Subscription } from './channel/subscription.js'
export type { ErrorContext, ErrorListener } from './hub/context.js'
export type { StatusEvent } from './hub/lifecycle.js'
export type { Recovered } from './hub/recovery.js'
export { type Clock, systemClock, type Timer } from './model/clock.js'
export type { HistoryQuery } from './model/history.js'
export {
  type AnyChannelDefinition,
  ChanError,
  type ChanErrorCode,
  type ChanErrorDetails,
  type ChannelDefinition,
  type ChannelRef,
  defineChannel,
  isChanError,
  Message,
  type Metadata,
  PermissionError,
  type Position,
  START,
  type StandardSchemaV1,
  type,
} from './model/message.js'
export type { AuthFn, ChannelOptions, DefinitionOptions } from './model/policy.js'
export type { ResetEvent } from './model/reset-event.js'
export type { SlowConsumerCounts, SlowConsumerPolicy } from './model/slow-consumer.js'
export type { ConnectionState, GapCause } from './ports/backend.js'
export type { LeaveReason } from './ports/presence.js'
export type { Transaction } from './ports/transactions.js'
export type { PresenceEvent, PresenceRecord } from './presence/record.js'
