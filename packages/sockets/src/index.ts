// The public surface of @chan/sockets: routing, admission and the bridge for socket servers, and the port that
// socket adapters fill.

export { websocketChannelHandler } from './bridge/handler.js'
export type { BridgeOptions, BridgeResult, ConnectInfo, DisconnectInfo } from './bridge/options.js'
export type { ChannelSocket } from './connection/channel-socket.js'
export type { Forward, ForwardOptions } from './connection/forward.js'
export type { ConnectionLimits, Rate, SocketDurations } from './connection/limits.js'
export type { Bundle } from './port/bundle.js'
export type { Frame } from './port/frame.js'
export type {
  Admission,
  FanOut,
  Refusal,
  SendOutcome,
  Socket,
  SocketGate,
  SocketHandler,
  UpgradeRequest,
} from './port/port.js'
export { type Acceptance, accept } from './routing/accept.js'
export { type AdoptOptions, adopt } from './routing/adopt.js'
export type { OriginOptions } from './routing/origins.js'
export { refuse } from './routing/refuse.js'
export type { PathParams, SocketRequest } from './routing/request.js'
export {
  type AdapterAbilities,
  createSocketRouter,
  type RouteHandler,
  type SocketRouter,
} from './routing/router.js'
export type {
  Admit,
  AdmitRequest,
  RouteOptions,
  SocketErrorContext,
  SocketOptions,
} from './routing/socket-options.js'
