// How uWS is told to serve our paths: what it must leave to core, and where its events go.

import { Buffer } from 'node:buffer'
import type { SocketDurations, SocketGate, SocketOptions } from '@chan/sockets'
import type { UwsApp, UwsBehavior } from './app.js'
import { upgrade } from './upgrade.js'
import { socketOf } from './uws-socket.js'
import { endingOf } from './violation.js'

/** `uWS.DISABLED`, and `uWS.SHARED_COMPRESSOR`: no dictionaries between messages, as on ws. */
const NO_COMPRESSION = 0
const SHARED_COMPRESSOR = 1

/** What uWS takes as a length. */
const LONGEST = 2 ** 31 - 1
const KIB = 1024
/** The most seconds that uWS accepts as `idleTimeout`; a value it does not like ends the process. */
const LONGEST_IDLE_S = 960

/** What is read of the router's options; core has checked them. */
type Options = Partial<SocketDurations> & Pick<SocketOptions, 'perMessageDeflate'>

/** @internal */
export function behavior(gate: SocketGate, options: Options, app: UwsApp): UwsBehavior {
  const deflates = options.perMessageDeflate === true
  const facts = { deflates, secure: app.constructor?.name === 'uWS.SSLApp' }
  return {
    compression: deflates ? SHARED_COMPRESSOR : NO_COMPRESSION,
    maxPayloadLength: nativeLimit(gate.maxPayloadBytes),
    idleTimeout: idleTimeout(options),
    sendPingsAutomatically: false,
    // None. Core looks at what waits before it sends more, and closes; uWS would skip messages.
    maxBackpressure: 0,
    closeOnBackpressureLimit: false,
    upgrade: (response, request, context) => upgrade(gate, facts, response, request, context),
    open: (ws) => socketOf(ws).opened(ws),
    message: (ws, message, isBinary) => {
      // S2: the buffer dies with this call. uWS has checked the UTF-8 of text.
      socketOf(ws).message(isBinary ? new Uint8Array() : Buffer.from(message).toString())
    },
    ping: (ws, message) => socketOf(ws).pinged(message.byteLength),
    pong: (ws) => socketOf(ws).pong(),
    drain: (ws) => socketOf(ws).drained(),
    // Cannot happen without a `maxBackpressure`. Not at once: uWS goes on with the socket.
    dropped: (ws) => void setImmediate(() => socketOf(ws).terminate()),
    close: (ws, code, message) => {
      socketOf(ws).closed(endingOf(code, Buffer.from(message).toString()))
    },
  }
}

/**
 * uWS drops a connection above its limit without a close frame. Core closes with 1009 above its own;
 * so that it hears of messages that are too long, uWS takes some more: as much again, at least
 * 64 KiB.
 */
function nativeLimit(maxPayloadBytes: number): number {
  return Math.min(LONGEST, maxPayloadBytes + Math.max(maxPayloadBytes, 64 * KIB))
}

/**
 * Not for the living: they are core's, whose pings are answered long before. It ends connections
 * that uWS has closed already while their peer keeps the other half open. Left out where pings are
 * rarer than that.
 */
function idleTimeout({ pingIntervalMs = 0, pongTimeoutMs = 0 }: Options): number {
  return pingIntervalMs + pongTimeoutMs < (LONGEST_IDLE_S - 60) * 1000 ? LONGEST_IDLE_S : 0
}
