// Routes upgrades to handlers: the user's side is `SocketRouter`, the adapter's is `SocketGate`.

import { type Clock, callSafely, isThenable, systemClock } from '@chan/core/connections'
import { CloseCode, isChanError } from '@chan/protocol'
import { type ChannelSocket, ConnectedSocket } from '../connection/channel-socket.js'
import { Connection } from '../connection/connection.js'
import { nextConnectionNumber } from '../connection/connection-id.js'
import { Home } from '../connection/home.js'
import { checkDeadline, resolveDurations } from '../connection/limits.js'
import type { FanOut, SocketGate, SocketHandler } from '../port/port.js'
import { type AdmissionHost, decide, type RouteAdmission } from './admission.js'
import { type Drain, OpenConnections } from './open-connections.js'
import { Pace } from './pace.js'
import { PathTable } from './paths.js'
import type { PathParams, SocketRequest } from './request.js'
import { makeRoute, type Route, routeDefaults } from './route.js'
import {
  type RouteOptions,
  readFanOut,
  type SocketErrorContext,
  type SocketOptions,
} from './socket-options.js'

/** Runs when a socket is connected. A rejection closes it with 1011 and goes to `onError`. */
export type RouteHandler<Path extends string = string, Context = unknown> = (
  socket: ChannelSocket,
  request: SocketRequest<PathParams<Path>, Context>,
) => unknown

/** Routes and open sockets of one server. */
export interface SocketRouter<Context = undefined> {
  /**
   * Adds a route.
   * @param path literal segments and `:name` parameters, decoded; a literal beats a `:name`
   * @throws {ChanError} `invalid-option` for a malformed path, a shape that exists, bad options
   */
  route<Path extends string>(path: Path, handler: RouteHandler<Path, Context>): this
  route<Path extends string, C = Context>(
    path: Path,
    options: RouteOptions<C>,
    handler: RouteHandler<Path, C>,
  ): this
  /** Sockets that are open or closing. */
  readonly size: number
  /**
   * Refuses upgrades with 503 from now on, closes every socket with 1012, and resolves when all
   * are gone and their handlers have settled, or at the deadline, when it drops what is left.
   * Idempotent. Then close the server, then disconnect the layer.
   * @param options `deadlineMs`: default 10,000. `spreadMs`: the time over which sockets are closed,
   * so that their clients do not all come back at once; default a millisecond for each socket, at
   * most half of the deadline; 0 closes all at once
   * @throws {ChanError} `invalid-option` for a deadline or a spread that is none
   */
  close(options?: { readonly deadlineMs?: number; readonly spreadMs?: number }): Promise<void>
}

/** What an adapter can do beside completing upgrades. */
export interface AdapterAbilities {
  readonly fanOut?: FanOut | undefined
  /**
   * Newcomers may be made to wait before they are admitted. Default true; false for a server that
   * completes an upgrade best within the call that brought it: they wait for their handlers instead.
   */
  readonly waits?: boolean | undefined
  /** Hears of every new route, for a server that wants to be told its paths. */
  readonly routed?: ((path: string) => void) | undefined
}

/**
 * What an adapter builds on: the router is for its users, the gate is what it calls.
 * @throws {ChanError} `invalid-option`, before anything happened
 */
export function createSocketRouter<Context = undefined>(
  options: SocketOptions<Context> = {},
  adapter: AdapterAbilities = {},
): { readonly router: SocketRouter<Context>; readonly gate: SocketGate } {
  const router = new Router(options as SocketOptions<unknown>, adapter)
  return { router: router as unknown as SocketRouter<Context>, gate: router.gate }
}

class Router implements SocketRouter<unknown> {
  readonly gate: SocketGate
  readonly #paths = new PathTable<Route>()
  readonly #connections = new OpenConnections()
  readonly #draining = new AbortController()
  readonly #clock: Clock
  readonly #home: Home
  readonly #defaults
  readonly #onError: (error: unknown, context: SocketErrorContext) => void
  readonly #pace: Pace
  readonly #waits: boolean
  readonly #routed: ((path: string) => void) | undefined
  #closed: Promise<void> | undefined

  constructor(options: SocketOptions<unknown>, { fanOut, routed, waits = true }: AdapterAbilities) {
    const durations = resolveDurations(options)
    this.#defaults = routeDefaults(options)
    this.#clock = options.clock ?? systemClock
    const chosen = readFanOut(options.fanOut) === 'turn' ? fanOut : undefined
    this.#home = new Home(this.#clock, durations, chosen, this.#connections.delete)
    this.#routed = routed
    this.#onError = options.onError ?? logSocketError
    this.#pace = new Pace(this.#clock)
    this.#waits = waits
    const admission: AdmissionHost = {
      clock: this.#clock,
      timeoutMs: durations.handshakeTimeoutMs,
      draining: this.#draining.signal,
      failed: (error, path) => this.#report(error, { operation: 'admit', path }),
    }
    this.gate = {
      maxPayloadBytes: this.#defaults.limits.maxPayloadBytes,
      handshakeTimeoutMs: durations.handshakeTimeoutMs,
      closeTimeoutMs: durations.closeTimeoutMs,
      matches: (url) => this.#paths.match(url) !== undefined,
      admit: async (upgrade, abandoned) => {
        const turn = waits ? this.#pace.enter() : undefined
        if (turn) await turn
        return decide(this.#paths.match(upgrade.url), upgrade, abandoned, admission)
      },
      open: (socket, admitted) => {
        const { route, seen } = admitted as RouteAdmission
        return this.#open(
          new Connection(nextConnectionNumber(), socket, route.limits, this.#home),
          route,
          seen,
        )
      },
    }
  }

  get size(): number {
    return this.#connections.size
  }

  route(
    path: string,
    options: RouteOptions<unknown> | Route['handler'],
    handler?: Route['handler'],
  ): this {
    const route =
      typeof options === 'function'
        ? makeRoute(path, {}, options, this.#defaults)
        : makeRoute(path, options, handler as Route['handler'], this.#defaults)
    this.#paths.add(path, route)
    this.#routed?.(path)
    return this
  }

  close({ deadlineMs = 10_000, spreadMs }: Partial<Drain> = {}): Promise<void> {
    try {
      checkDeadline('deadlineMs', deadlineMs)
      if (spreadMs !== undefined) checkDeadline('spreadMs', spreadMs)
    } catch (error) {
      return Promise.reject(error)
    }
    if (!this.#closed) {
      this.#draining.abort()
      this.#closed = this.#connections.drain(
        { deadlineMs, spreadMs },
        {
          clock: this.#clock,
          closeTimeoutMs: this.#home.durations.closeTimeoutMs,
          failed: (error, path) => this.#report(error, { operation: 'goAway', path }),
        },
      )
    }
    return this.#closed
  }

  #open(connection: Connection, route: Route, request: SocketRequest): SocketHandler {
    this.#connections.add(connection, route.path)
    // Admitted before draining began, opened after.
    if (this.#draining.signal.aborted) {
      connection.close(CloseCode.goingAway, 'the server is going away')
    } else this.#runInTurn(connection, route, request)
    return connection
  }

  #runInTurn(connection: Connection, route: Route, request: SocketRequest): void {
    const turn = this.#waits ? undefined : this.#pace.enter()
    if (!turn) return this.#run(connection, route, request)
    // Whoever leaves meanwhile has come for nothing; closing does not wait for them.
    void turn.then(() => {
      if (!connection.ending) this.#run(connection, route, request)
    })
  }

  /** Keeps nothing of the request but its path, for as long as the handler runs. */
  #run(connection: Connection, route: Route, request: SocketRequest): void {
    const { path } = request
    this.#connections.handling()
    try {
      const running = route.handler(new ConnectedSocket(connection), request)
      if (!isThenable(running)) return this.#connections.handled()
      // Bound: smaller than a closure, and most connections are quiet for as long as it is kept.
      running.then(this.#connections.handled, this.#handlerFailed.bind(this, connection, path))
    } catch (error) {
      this.#handlerFailed(connection, path, error)
    }
  }

  #handlerFailed(connection: Connection, path: string, error: unknown): void {
    this.#sendAway(connection, path, error)
    this.#connections.handled()
  }

  #sendAway(connection: Connection, path: string, error: unknown): void {
    // The client's doing: a name in the path that is no channel name would be none next time, too.
    if (isChanError(error, 'invalid-channel-name')) {
      return connection.close(CloseCode.policy, 'not a channel name')
    }
    this.#report(error, { operation: 'handler', path })
    connection.close(CloseCode.fault, 'internal error')
  }

  #report(error: unknown, context: SocketErrorContext): void {
    callSafely(
      () => this.#onError(error, context),
      (failure) => {
        logSocketError(failure, context)
        logSocketError(error, context)
      },
    )
  }
}

function logSocketError(error: unknown, { operation, path }: SocketErrorContext): void {
  console.error(`[chan] ${operation} of ${path} failed:`, error)
}
