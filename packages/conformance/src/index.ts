// The public surface of @chan/conformance.

export type { BackendHarness, Cluster } from './backend/harness.js'
export { type Faults, lossy } from './backend/lossy.js'
export { shuffled } from './backend/shuffled.js'
export { backendSuite } from './backend/suite.js'
export { wrapped } from './backend/wrapped.js'
export type { Skips } from './cases.js'
export type { ProxyTarget } from './faults/proxied-connection.js'
export { type ConnectionSelector, type ProxyCounters, TcpProxy } from './faults/tcp-proxy.js'
export { seeded } from './random.js'
export type { Matchers, Runner } from './runner.js'
export {
  type RoutedServer,
  type SocketHarness,
  type SocketServer,
  socketSuite,
} from './sockets/index.js'
