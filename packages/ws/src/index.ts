// The public surface of @chan/ws.

export {
  type Acceptance,
  type Admit,
  type AdmitRequest,
  type AdoptOptions,
  accept,
  type BridgeOptions,
  type BridgeResult,
  type ChannelSocket,
  type ConnectInfo,
  type ConnectionLimits,
  type DisconnectInfo,
  type Forward,
  type ForwardOptions,
  type OriginOptions,
  type PathParams,
  type Rate,
  type Refusal,
  type RouteHandler,
  type RouteOptions,
  refuse,
  type SendOutcome,
  type SocketDurations,
  type SocketErrorContext,
  type SocketOptions,
  type SocketRequest,
  type SocketRouter,
  websocketChannelHandler,
} from '@chan/sockets'
export type { AcceptedSocket } from './accepted-socket.js'
export { adoptSocket } from './adopt-socket.js'
export { attachSockets, type UpgradeServer } from './attach-sockets.js'
