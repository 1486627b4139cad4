// The port a socket adapter implements. Its contract is numbered (S1–S11); the suite in
// `@chan/conformance` reuses the numbers. An adapter snapshots the upgrade request, completes the
// upgrade, moves bytes, reports back-pressure truthfully and closes; everything else is core's.

import type { Bundle } from './bundle.js'

/**
 * The upgrade request. **S1** MUST be a plain snapshot, taken synchronously: native request objects
 * are dead after the first await.
 */
export interface UpgradeRequest {
  /** The request target as received: path and query, still encoded. */
  readonly url: string
  /** Lower-case names; repeated headers joined as HTTP has them. */
  readonly headers: Readonly<Record<string, string>>
  readonly remoteAddress: string
  /** The connection is encrypted. */
  readonly secure: boolean
}

/** What became of a frame. `dropped`: it will never be sent. */
export type SendOutcome = 'sent' | 'buffered' | 'dropped'

/** A connected socket, as an adapter offers it to core. */
export interface Socket {
  /**
   * Queues one text frame. **S3** MUST tell the truth and never throw, also after close:
   * `sent`, the transport took it; `buffered`, it waits for the peer and `drain` will follow (S4);
   * `dropped`, the socket is closing or closed.
   */
  send(frame: string): SendOutcome
  /**
   * Bytes that wait for the peer, in this process. **S3** MUST be 0 only when nothing waits, and
   * counts whatever waits: frames, and the pings, pongs and close frames around them (S11). What is
   * halfway gone may count as a whole.
   */
  readonly bufferedBytes: number
  /**
   * Bytes that have left this process towards the peer so far, as exactly as the transport can tell:
   * who reads steadily but slowly is alive. **S3** MUST grow while the peer reads, also in the middle
   * of one large frame; MUST NOT grow while it takes nothing, whatever is queued meanwhile. Never
   * shrinks.
   */
  readonly sentBytes: number
  /** Sends a ping frame; a dead socket ignores it. */
  ping(): void
  /** Starts the closing handshake, after frames already queued. Idempotent. */
  close(code: number, reason: string): void
  /** Drops the connection at once. Idempotent. */
  terminate(): void
}

/**
 * How an adapter writes the same frames to many sockets of its own, in one write for each or better.
 * It MUST be the same, to every peer, as `send` of one frame after the other: same frames, same
 * order, also towards frames given to `send` before and after. Without it core sends one by one.
 */
export interface FanOut {
  /**
   * Writes all frames of the bundle to each of the sockets; those that are closed are passed over.
   * Never throws. What waits shows in `bufferedBytes` in the next turn, and `drain` follows (S4).
   * What was made of the frames may be kept on `bundle.wire` and `frame.wire`, which no other
   * adapter sees. The array is core's, and dead after the call.
   */
  write(bundle: Bundle, sockets: readonly Socket[]): void
}

/**
 * What core answers to an opened socket. **S5** `closed` fires exactly once, whatever happened, and is
 * the last call. **S6** none is called before `open` returned; frames that came earlier are held, in
 * order.
 */
export interface SocketHandler {
  /** **S2** MUST be given a string or a copy that core owns. */
  message(data: string | Uint8Array): void
  /**
   * **S11** MUST be called for every ping of the peer, after the transport has answered it: what a
   * peer makes the transport send by itself counts against the bound of the connection, and core looks
   * here at what waits. It may close or terminate the socket within the call.
   */
  ping(): void
  pong(): void
  /**
   * **S4** MUST be called, after something was left waiting, whenever the transport tells that a part
   * of it has left, and at the latest when nothing waits any more: per socket, and whatever it was
   * that waited, also a lone ping, pong or close frame. MUST NOT be called before something waited.
   * `bufferedBytes` tells within the call what still waits.
   */
  drain(): void
  /** 1005 without a status in the peer's close frame, 1006 without a close frame. */
  closed(code: number, reason: string): void
}

/** An HTTP answer given instead of an upgrade. */
export interface Refusal {
  readonly refused: true
  readonly status: number
  readonly text: string
}

/** Permission to upgrade; the adapter hands it back to `open` unchanged. */
export interface Admission {
  readonly refused: false
  readonly request: UpgradeRequest
  /**
   * **S10** MUST be answered in the handshake, it alone; where it is undefined, none is, whatever the
   * peer offers. One of those that it offers, and a token.
   */
  readonly protocol: string | undefined
}

/** Core's side of the port, one per attached server. **S8** no timers, JSON or policy in adapters. */
export interface SocketGate {
  /** Largest incoming message in bytes; the adapter closes with 1009 above it. */
  readonly maxPayloadBytes: number
  /** How long a connection may take to send its request, where the adapter's server has such a limit. */
  readonly handshakeTimeoutMs: number
  /** How long a peer may take to finish the closing handshake, where the adapter's library asks. */
  readonly closeTimeoutMs: number
  /** Whether a route has this path. An unmatched upgrade may belong to somebody else. */
  matches(url: string): boolean
  /**
   * Decides about an upgrade. Never rejects. **S7** a refusal MUST become its HTTP status before the
   * upgrade. `abandoned` aborts when the peer went away meanwhile.
   */
  admit(request: UpgradeRequest, abandoned: AbortSignal): Promise<Admission | Refusal>
  /** The upgrade is complete. Answers the handlers, and may call the socket at once. */
  open(socket: Socket, admission: Admission): SocketHandler
}
