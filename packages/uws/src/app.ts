// The part of uWebSockets.js that this package uses. It is never imported here: whoever has an app
// has the library, in a version and from a place of their own.

import { ChanError } from '@chan/core'

/** What `uWS.App()` and `uWS.SSLApp()` return. */
export interface UwsApp {
  ws(pattern: string, behavior: UwsBehavior): unknown
  publish(topic: string, message: Uint8Array, isBinary: boolean, compress: boolean): boolean
  numSubscribers(topic: string): number
}

/** How sockets of a path are served. */
export interface UwsBehavior {
  readonly compression: number
  readonly maxPayloadLength: number
  readonly idleTimeout: number
  readonly sendPingsAutomatically: boolean
  readonly maxBackpressure: number
  readonly closeOnBackpressureLimit: boolean
  upgrade(response: UwsResponse, request: UwsRequest, context: object): void
  open(ws: UwsWebSocket): void
  message(ws: UwsWebSocket, message: ArrayBuffer, isBinary: boolean): void
  /** Called when it is answered. */
  ping(ws: UwsWebSocket, message: ArrayBuffer): void
  pong(ws: UwsWebSocket): void
  drain(ws: UwsWebSocket): void
  dropped(ws: UwsWebSocket): void
  close(ws: UwsWebSocket, code: number, message: ArrayBuffer): void
}

/** A request; dead when `upgrade` returns. */
export interface UwsRequest {
  getUrl(): string
  /** The part behind the question mark, undefined or empty if there is none. */
  getQuery(): string | undefined
  getHeader(name: string): string
  forEach(each: (name: string, value: string) => void): void
  setYield(isNotOurs: boolean): unknown
}

/** A response; dead when it was answered, or when `onAborted` calls. */
export interface UwsResponse {
  getRemoteAddress(): ArrayBuffer
  onAborted(aborted: () => void): unknown
  cork(write: () => void): unknown
  writeStatus(status: string): unknown
  writeHeader(name: string, value: string): unknown
  end(body: Uint8Array, closeConnection: boolean): unknown
  upgrade(data: object, key: string, protocol: string, extensions: string, context: object): void
}

/** A socket. Every method but `getUserData` throws once it closed. */
export interface UwsWebSocket {
  getUserData(): object
  getBufferedAmount(): number
  send(message: Uint8Array, isBinary: boolean, compress: boolean): number
  cork(write: () => void): unknown
  ping(): unknown
  end(code: number, reason: Uint8Array): unknown
  close(): unknown
  subscribe(topic: string): boolean
  unsubscribe(topic: string): boolean
}

/** @throws {ChanError} `invalid-option` for what is no app */
export function checkApp(app: UwsApp): void {
  const { ws, publish } = (app ?? {}) as Partial<UwsApp>
  if (typeof ws === 'function' && typeof publish === 'function') return
  throw new ChanError(
    'invalid-option',
    'attachSockets of @chan/uws needs an app of uWebSockets.js.',
    "Pass what uWS.App() or uWS.SSLApp() returns, with `import uWS from 'uWebSockets.js'`. That import " +
      'fails by itself where its binary is missing or does not fit Node or glibc. For a server of ' +
      'node:http take @chan/ws.',
  )
}
