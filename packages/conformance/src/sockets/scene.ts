// Where one case plays: a layer, servers and clients of its own, and what was reported meanwhile.

import type { Channel, ChannelLayer } from '@chan/core'
import {
  type BridgeOptions,
  type BridgeResult,
  type ChannelSocket,
  type SocketOptions,
  type SocketRequest,
  websocketChannelHandler,
} from '@chan/sockets'
import type { Matchers, Runner } from '../runner.js'
import { until } from '../until.js'
import { CountingClock } from './counting-clock.js'
import type { RoutedServer, SocketHarness, SocketServer } from './harness.js'
import { type ConnectOptions, RawClient } from './raw-client.js'

/** A server that bridges `/ws/:room?user=…` to the channel of that name. */
export interface BridgedServer extends RoutedServer {
  /** In order of connecting. */
  readonly sockets: ChannelSocket[]
  /** In order of ending. */
  readonly results: BridgeResult[]
  /** Bridges that came as far as `onConnect`. */
  readonly greeted: () => number
  channel(room: string): Channel
}

/** @internal */
export class SocketScene {
  readonly expect: (actual: unknown) => Matchers
  readonly harness: SocketHarness
  readonly layer: ChannelLayer
  /** Of the layer and the routers. */
  readonly clock = new CountingClock()
  /** What the layer's and the routers' `onError` heard: operation and message. */
  readonly reported: { readonly operation: string; readonly message: string }[] = []
  readonly #servers: { readonly server: SocketServer; readonly router?: RoutedServer['router'] }[] =
    []
  readonly #clients = new Set<RawClient>()

  constructor(runner: Runner, harness: SocketHarness) {
    this.expect = runner.expect
    this.harness = harness
    this.layer = harness.createLayer({ onError: this.report, clock: this.clock })
  }

  readonly report = (error: unknown, { operation }: { readonly operation: string }): void => {
    this.reported.push({
      operation,
      message: error instanceof Error ? error.message : String(error),
    })
  }

  readonly serve = async (options: SocketOptions<unknown> = {}): Promise<RoutedServer> => {
    const server = await this.harness.start({
      onError: this.report,
      clock: this.clock,
      ...options,
    })
    this.#servers.push({ server, router: server.router })
    return server
  }

  /** The bridge's options may depend on the request. */
  readonly bridge = async (
    options:
      | BridgeOptions
      | ((request: SocketRequest, socket: ChannelSocket) => BridgeOptions) = {},
    socketOptions: SocketOptions<unknown> = {},
  ): Promise<BridgedServer> => {
    const server = await this.serve(socketOptions)
    const sockets: ChannelSocket[] = []
    const results: BridgeResult[] = []
    let greeted = 0
    server.router.route('/ws/:room', async (socket, request) => {
      sockets.push(socket)
      const chosen = typeof options === 'function' ? options(request, socket) : options
      const userId = request.query.get('user')
      const channel = this.layer.channel(request.params.room)
      const onConnect: BridgeOptions['onConnect'] = (...args) => {
        greeted++
        return chosen.onConnect?.(...args)
      }
      const all = { userId, ...chosen, onConnect }
      results.push(await websocketChannelHandler(socket, channel, all))
    })
    return {
      ...server,
      sockets,
      results,
      greeted: () => greeted,
      channel: (room) => this.layer.channel(room),
    }
  }

  /** A server whose sockets are adopted. */
  readonly adopting = async (
    take: (socket: ChannelSocket) => void,
    options = {},
  ): Promise<SocketServer> => {
    if (!this.harness.startAdopting) throw new Error('this adapter adopts nothing: skip the case')
    const server = await this.harness.startAdopting(take, options)
    this.#servers.push({ server })
    return server
  }

  /** Sends an upgrade request and waits for the answer. */
  readonly connect = async (
    { port }: SocketServer,
    path = '/ws/general',
    options: ConnectOptions = {},
  ): Promise<RawClient> => {
    const client = await RawClient.open(port, { path, ...options })
    this.#clients.add(client)
    return client
  }

  /** Connects, and waits until the bridge stands. */
  readonly enter = async (server: BridgedServer, path?: string): Promise<RawClient> => {
    const before = server.greeted()
    const client = await this.connect(server, path)
    await until('the bridge', () => server.greeted() > before)
    return client
  }

  /** A TCP connection that has not said anything. */
  readonly dial = ({ port }: SocketServer): RawClient => {
    const client = new RawClient(port)
    this.#clients.add(client)
    return client
  }

  /** A client that needs no clearing up. */
  forget(client: RawClient): void {
    this.#clients.delete(client)
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.socket.destroy()
    for (const { server, router } of this.#servers) {
      await router?.close({ deadlineMs: 0 })
      await server.close()
    }
    await this.layer.disconnect()
  }
}

/** Runs the body in a new scene, and clears up. */
export async function inSocketScene(
  runner: Runner,
  harness: SocketHarness,
  body: (scene: SocketScene) => Promise<void>,
): Promise<void> {
  const scene = new SocketScene(runner, harness)
  try {
    await body(scene)
  } finally {
    await scene.close()
  }
}
