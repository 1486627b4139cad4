// The bounds of one connection and of the router's waits: their defaults, and their validation.

import { ChanError } from '@chan/protocol'

/** A token bucket's measure. */
export interface Rate {
  /** Tokens that come back per second; may be fractional. */
  readonly perSecond: number
  /** The most tokens saved up: how many may be spent at once. */
  readonly burst: number
}

/** What one connection may do and cost. A route may set its own. */
export interface ConnectionLimits {
  /** Largest incoming message in bytes; above it: close 1009. Default 64 KiB. A route may only lower it. */
  readonly maxPayloadBytes: number
  /**
   * Outgoing bytes that may wait for a slow peer; above it each channel's `slowConsumer` decides.
   * Errors and what the server sends by itself have 64 KiB more; above that: close 1013. Default 1 MiB.
   */
  readonly maxBufferedBytes: number
  /**
   * Incoming frames that may wait, for the bridge to be ready or for `onMessage` to finish; above
   * it: close 1008. Their length is bounded by `maxBufferedBytes`. Default 256.
   */
  readonly maxQueuedFrames: number
  /** Incoming messages, whatever is done with them; above it: close 1008. Default 50/s, burst 100. */
  readonly commands: Rate
  /** Frames that are published; above it: an error frame `rate-limited`. Default 20/s, burst 40. */
  readonly publishes: Rate
  /** Channels that one connection may receive: bridged, forwarded. Default 100. */
  readonly maxChannels: number
}

/** How long the router waits, in milliseconds. */
export interface SocketDurations {
  /** For `admit` to answer, then 503; also the longest the server waits for a request's head. Default 10 s. */
  readonly handshakeTimeoutMs: number
  /** Between pings. Default 25 s. */
  readonly pingIntervalMs: number
  /** For a sign of life after a ping, then the connection is dropped. Default 10 s. */
  readonly pongTimeoutMs: number
  /**
   * While bytes wait for the peer, for one of them to leave, then 1013: looked at as often, so that it
   * may take twice as long. Pings count when none wait. Default 60 s.
   */
  readonly stallTimeoutMs: number
  /**
   * For the peer to finish the closing handshake, then the connection is dropped. Also the longest
   * that hooks still running may delay the release of presence. Default 5 s.
   */
  readonly closeTimeoutMs: number
}

const KIB = 1024
const LONGEST_TIMER = 2 ** 31 - 1

const defaultLimits: ConnectionLimits = {
  maxPayloadBytes: 64 * KIB,
  maxBufferedBytes: KIB * KIB,
  maxQueuedFrames: 256,
  commands: { perSecond: 50, burst: 100 },
  publishes: { perSecond: 20, burst: 40 },
  maxChannels: 100,
}

const defaultDurations: SocketDurations = {
  handshakeTimeoutMs: 10_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  closeTimeoutMs: 5_000,
}

/**
 * Fills in what `options` leaves open and checks the rest.
 * @throws {ChanError} `invalid-option`
 */
export function resolveLimits(
  options: Partial<ConnectionLimits>,
  base: ConnectionLimits = defaultLimits,
): ConnectionLimits {
  const limits = {
    maxPayloadBytes: whole('maxPayloadBytes', options.maxPayloadBytes ?? base.maxPayloadBytes),
    maxBufferedBytes: whole('maxBufferedBytes', options.maxBufferedBytes ?? base.maxBufferedBytes),
    maxQueuedFrames: whole('maxQueuedFrames', options.maxQueuedFrames ?? base.maxQueuedFrames),
    commands: rate('commands', options.commands ?? base.commands),
    publishes: rate('publishes', options.publishes ?? base.publishes),
    maxChannels: whole('maxChannels', options.maxChannels ?? base.maxChannels),
  }
  if (base !== defaultLimits && limits.maxPayloadBytes > base.maxPayloadBytes) {
    throw invalid(
      "'maxPayloadBytes' of a route is above the router's, which the adapter enforces first.",
      'Raise it on the router and lower it on the other routes.',
    )
  }
  return limits
}

/** @throws {ChanError} `invalid-option` */
export function resolveDurations(options: Partial<SocketDurations>): SocketDurations {
  const pick = (name: keyof SocketDurations) =>
    whole(name, options[name] ?? defaultDurations[name], LONGEST_TIMER)
  return {
    handshakeTimeoutMs: pick('handshakeTimeoutMs'),
    pingIntervalMs: pick('pingIntervalMs'),
    pongTimeoutMs: pick('pongTimeoutMs'),
    stallTimeoutMs: pick('stallTimeoutMs'),
    closeTimeoutMs: pick('closeTimeoutMs'),
  }
}

/**
 * A deadline from now, in milliseconds.
 * @throws {ChanError} `invalid-option`
 */
export function checkDeadline(name: string, value: number): number {
  return value === 0 ? 0 : whole(name, value, LONGEST_TIMER)
}

function whole(name: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= max) return value
  throw invalid(
    `'${name}' must be a whole number from 1 to ${max}, got ${String(value)}.`,
    `Leave '${name}' out for its default.`,
  )
}

function rate(name: string, value: Rate): Rate {
  const { perSecond, burst } = value
  if (perSecond > 0 && burst >= 1 && Number.isFinite(perSecond) && Number.isFinite(burst)) {
    return { perSecond, burst }
  }
  throw invalid(
    `'${name}' must be { perSecond, burst } with perSecond above 0 and burst at least 1.`,
    `Leave '${name}' out for its default.`,
  )
}

function invalid(message: string, hint: string): ChanError {
  return new ChanError('invalid-option', message, hint)
}
