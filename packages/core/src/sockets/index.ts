// `@chan/core/sockets`: routing, admission and the bridge for socket servers, and the port that
// socket adapters fill.

export { type AdoptOptions, adopt } from './adopt.js'
export { websocketChannelHandler } from './bridge/handler.js'
export type { BridgeOptions, BridgeResult, ConnectInfo, DisconnectInfo } from './bridge/options.js'
export type { Bundle } from './bundle.js'
export type { ChannelSocket } from './channel-socket.js'
export type { Forward } from './forward.js'
export type { Frame } from './frame.js'
export type { ConnectionLimits, Rate, SocketDurations } from './limits.js'
export type { OriginOptions } from './origins.js'
export type {
  Admission,
  FanOut,
  Refusal,
  SendOutcome,
  Socket,
  SocketGate,
  SocketHandler,
  UpgradeRequest,
} from './port.js'
export { refuse } from './refuse.js'
export type { PathParams, SocketRequest } from './request.js'
export {
  type AdapterAbilities,
  createSocketRouter,
  type RouteHandler,
  type SocketRouter,
} from './router.js'
export type {
  Admit,
  AdmitRequest,
  RouteOptions,
  SocketErrorContext,
  SocketOptions,
} from './socket-options.js'
