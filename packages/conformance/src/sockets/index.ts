// The suite for socket adapters.

export type { RoutedServer, SocketHarness, SocketServer } from './harness.js'
export { socketSuite } from './suite.js'
