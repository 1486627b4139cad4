// The public surface of @chan/uws.

export {
  type Acceptance,
  type Admit,
  type AdmitRequest,
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
export type { UwsApp } from './app.js'
export { attachSockets } from './attach-sockets.js'
