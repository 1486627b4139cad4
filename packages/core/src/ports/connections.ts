// Port: what whoever serves clients needs of a channel: a socket server, in the first place. Core
// implements it, for whoever calls it. Its contract is numbered (N1–N8) beside the methods; core's
// tests reuse the numbers.

import type { Clock } from '../model/clock.js'
import type { Message, Position } from '../model/message.js'
import type { ResetEvent } from '../model/reset-event.js'
import type { SlowConsumer } from '../model/slow-consumer.js'
import type { PageLimit } from './log.js'
import type { LeaveReason } from './presence.js'

/** One client's side of a channel: gets its messages, and says how fast. Methods MUST NOT throw. */
export interface Reader {
  /**
   * **N1** the channel's stored messages come here in the order of their offsets, each once, without
   * holes but for those before the first and in what history has let go of, until `reset` or the end.
   * @param isRead it comes out of the log, and perhaps to many at the same time
   */
  deliver(message: Message, isRead?: boolean): void
  /** **N2** what comes next is not known to join up with what came; never silence instead. */
  reset(event: ResetEvent): void
  /**
   * **N3** nothing while it takes more, else a promise of when it does. Asked before every page and
   * every message that is read from the log. While it is pending nothing is delivered and nothing is
   * kept for this reader: what comes meanwhile is read later, and ephemeral messages are left out.
   * Never asked of live messages: those come at once, and `Attachment.rewind` gives them back.
   */
  room(): Promise<void> | undefined
  /** What may be read for it at once, and is then held until it takes it. */
  readonly pageLimit: PageLimit
}

/** How an attachment begins. */
export interface Beginning {
  readonly userId: string | null
  /** The most recent messages of history that come first. Infinity for all, 0 for none. */
  readonly history: number
}

/** A reader on a channel. Made without a trace; counts as a subscriber from `begin` on. */
export interface Attachment {
  /**
   * **N4** resolves when delivery is guaranteed from then on: history first, as of that moment, at the
   * reader's pace, then what follows it. Nobody is asked for permission. Called once.
   * @throws {ChanError} `unavailable` after 10 s, `layer-closed`; it has ended then
   */
  begin(beginning: Beginning): Promise<void>
  /** Resolves when history was delivered, or at the end. Nothing if there is none to wait for. */
  readonly replayed: Promise<void> | undefined
  /** The channel's messages come as they are published: nothing is being read for this reader. */
  readonly live: boolean
  /**
   * **N5** everything after `position` is delivered again, read at the reader's pace, and what follows
   * it; `reset` where the log no longer reaches back.
   */
  rewind(position: Position): void
  /**
   * **N6** nothing is delivered after the call, whatever is on its way. Resolves when the user's bare
   * presence has ended, if this was its last subscription in this process. Idempotent; never rejects.
   */
  end(): Promise<void>
}

/**
 * Why a session is ended: `disconnected`, the server wants the user gone; `unsure`, a command may
 * have been missed, so that everybody has to come back and be asked again; `closing`, the layer closes.
 */
export type SessionEnd = 'disconnected' | 'unsure' | 'closing'

/** A client's session. */
export interface Session {
  /** Ends it; it takes itself out when it is over. */
  endSession(why: SessionEnd): void
  /**
   * Ends what it receives of that channel in this user's name, also where that is only on its way:
   * permission that was asked for before the call does not count any more.
   */
  revoke(channel: string): void
}

/**
 * **N8** sessions that commands from anywhere in the cluster end, or take channels from, within a second.
 * Those that are `unsure` end over 10 s, a few at a time.
 */
export interface SessionRegister {
  /** Registers a session, once, before permission is asked for. It is ended at once or later if the layer closes. */
  add(userId: string | null, session: Session): void
  /** Takes a session out; harmless if it is. The layer waits for that when it closes. */
  remove(userId: string | null, session: Session): void
  /**
   * Resolves when commands reach the sessions registered so far; where that fails, when they have been
   * ended as `unsure`. Whoever asks for permission after that cannot be told yes and then miss being
   * disconnected, or losing that permission.
   */
  ready(): Promise<void>
}

/** What a layer shares with those who serve its channels. */
export interface ServingContext {
  readonly clock: Clock
  /** Aborts when `disconnect` begins. */
  readonly closing: AbortSignal
  readonly sessions: SessionRegister
  /** Hands an error to `onError`. Never throws. */
  report(error: unknown, context: { readonly operation: string; readonly channel?: string }): void
  /** An id for a presence or group hold, unique in this process. */
  newHold(): string
}

/** A channel, as whoever serves clients uses it. `Handle` is what users hold of a channel. */
export interface ServedChannel<Handle = unknown> {
  readonly name: string
  readonly context: ServingContext
  /** What users hold of it. */
  readonly handle: Handle
  /** @throws {PermissionError} if the channel's `authFn` does not answer `true` */
  authorize(userId: string | null): Promise<void>
  /** A reader on the channel, not begun. */
  attach(reader: Reader): Attachment
  /** What the channel does to clients that are too slow, as of now; the same object while it holds. */
  slowConsumer(): SlowConsumer
  /**
   * What users hold of it, with `join` and `leave` about one hold only. `joined` is told of every user
   * that it joins, before the hold is put, so that whoever bound it can release them all.
   */
  bind(hold: string, joined: (userId: string) => void): Handle
  /**
   * **N7** a hold keeps the user present until it is released or this process ends. Puts and releases
   * of a user keep the order of the calls. `first` and `last` are decided over the cluster.
   */
  hold(userId: string, hold: string, metadata: unknown): Promise<{ readonly first: boolean }>
  release(userId: string, hold: string, reason: LeaveReason): Promise<{ readonly last: boolean }>
  /** The channel is a member of the group while the hold lasts. */
  enterGroup(group: string, hold: string): Promise<void>
  leaveGroup(group: string, hold: string): Promise<void>
}
