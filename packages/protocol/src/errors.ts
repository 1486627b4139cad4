// The one error class of Chan: what happened, what to do, whether trying again can help.
// Branded through the global symbol registry, so duplicate copies of this package agree.

import { type ChanErrorCode, codeVerdict } from './error-codes.js'

const brand: unique symbol = Symbol.for('chan.error')

/** Facts behind an error, for programs. Each field is present where it makes sense for the code. */
export interface ChanErrorDetails {
  /** The channel concerned. */
  readonly channel?: string
  /** The bound that was exceeded (`payload-too-large`, `limit-reached`, `buffer-overflow`). */
  readonly limit?: number
  /** What was found where `limit` was allowed, in the same unit. */
  readonly actual?: number
  /** Milliseconds to wait before trying again (`rate-limited`, `unavailable`). */
  readonly retryAfterMs?: number
  /** What a schema complained about (`schema-rejected`), in Standard Schema's form. */
  readonly issues?: readonly { readonly message: string }[]
}

/** What accompanies a `ChanError` beyond its three texts. */
export interface ChanErrorOptions {
  /** The error that led to this one; kept as `error.cause`. */
  readonly cause?: unknown
  /** Facts for programs; kept as `error.details`. */
  readonly details?: ChanErrorDetails
}

/** An error as it travels to a client: no stack, no cause, no details. */
export interface ErrorFrame {
  readonly error: { readonly code: ChanErrorCode; readonly message: string; readonly hint: string }
}

/**
 * Every error that Chan throws or rejects with. Recognise it with `isChanError`: `instanceof` fails
 * when a program holds two copies of this package.
 */
export class ChanError extends Error {
  static {
    // On the prototype, where the first line of the stack finds it.
    Object.defineProperty(ChanError.prototype, 'name', { value: 'ChanError' })
  }

  /** What went wrong, for programs. */
  readonly code: ChanErrorCode
  /** What to do about it, for people. */
  readonly hint: string
  /**
   * Whether the same call, unchanged, may succeed later: true for `rate-limited`, `limit-reached`,
   * `unavailable` and (with the same message id) `outcome-unknown`, false for every other code.
   */
  readonly retryable: boolean
  /** Facts behind the error; an empty object where there are none. */
  readonly details: ChanErrorDetails

  /**
   * @param code what went wrong, for programs
   * @param message what happened, for people
   * @param hint what to do about it, for people
   */
  constructor(code: ChanErrorCode, message: string, hint: string, options: ChanErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.hint = hint
    this.retryable = codeVerdict(code) === 'retry'
    this.details = options.details ?? {}
  }

  get [brand](): true {
    return true
  }

  /** The part of the error that a client may see. */
  toFrame(): ErrorFrame {
    return { error: { code: this.code, message: this.message, hint: this.hint } }
  }
}

/** A user asked for a channel that its `authFn` or `authorize` does not allow. */
export class PermissionError extends ChanError {
  static {
    Object.defineProperty(PermissionError.prototype, 'name', { value: 'PermissionError' })
  }

  /** The channel that was asked for. */
  readonly channel: string
  /** Who asked; null is an anonymous user. */
  readonly userId: string | null

  constructor(channel: string, userId: string | null) {
    const who = userId === null ? 'Anonymous user' : `User '${userId}'`
    super(
      'permission-denied',
      `${who} not authorized for channel '${channel}'`,
      'Use a channel this user may see, or let the authFn of the channel answer true.',
      { details: { channel } },
    )
    this.channel = channel
    this.userId = userId
  }
}

/**
 * Whether a value is a `ChanError`, of this or of another copy of the package, and, if `code` is
 * given, whether it carries that code.
 */
export function isChanError(value: unknown): value is ChanError
export function isChanError<C extends ChanErrorCode>(
  value: unknown,
  code: C,
): value is ChanError & { readonly code: C }
export function isChanError(value: unknown, code?: ChanErrorCode): boolean {
  if (typeof value !== 'object' || value === null) return false
  const error = value as Partial<Pick<ChanError, typeof brand | 'code'>>
  return error[brand] === true && (code === undefined || error.code === code)
}
