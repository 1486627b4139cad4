// `@chan/core/backend`: what an implementor of a storage backend needs.

export { Feed, type FeedReader, type FeedSource } from './hub/feed.js'
export { layerClosed } from './hub/lifecycle.js'
export { type Clock, systemClock, type Timer } from './model/clock.js'
export {
  floorAfterChange,
  type HistoryLimits,
  type HistoryQuery,
  historyWindow,
  limitsInForce,
} from './model/history.js'
export {
  ChanError,
  type ChanErrorCode,
  isChanError,
  joins,
  Message,
  type Position,
  START,
  type StoredMessage,
} from './model/message.js'
export { Ring } from './model/ring.js'
export type {
  BackendContext,
  BackendFacts,
  BackendSink,
  ChannelBackend,
  ConnectionState,
  GapCause,
} from './ports/backend.js'
export type { GroupStore } from './ports/groups.js'
export type { InterestStore } from './ports/interest.js'
export type { Entry, HistoryPage, Later, MessageLog, Page, PageLimit } from './ports/log.js'
export type {
  LeaveReason,
  PresenceChange,
  PresenceEntry,
  PresenceList,
  PresenceStore,
} from './ports/presence.js'
export type { Transaction, TransactionalLog } from './ports/transactions.js'
