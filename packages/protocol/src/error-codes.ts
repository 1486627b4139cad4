// The closed union of error codes, and the verdict that each one carries for whoever receives it.
// The table is total: a new code does not compile until its verdict is decided here.

/** What went wrong, as a word that programs can compare. The union is closed. */
export type ChanErrorCode =
  | 'invalid-channel-name'
  | 'invalid-payload'
  | 'payload-too-large'
  | 'schema-rejected'
  | 'invalid-option'
  | 'permission-denied'
  | 'unauthenticated'
  | 'rate-limited'
  | 'limit-reached'
  | 'unavailable'
  | 'outcome-unknown'
  | 'layer-closed'
  | 'layer-not-set'
  | 'listen-disabled'
  | 'listen-not-delivered'
  | 'schema-newer'
  | 'history-reset'
  | 'buffer-overflow'

/**
 * What the receiver of a code does next:
 * - `retry`: the same again, unchanged, after a pause;
 * - `refresh`: obtain a new token first, then the same again;
 * - `resubscribe`: the subscription is over; start a new one, from a known position or from now;
 * - `stop`: the same again gives the same answer; something must change first.
 */
export type Verdict = 'retry' | 'refresh' | 'resubscribe' | 'stop'

const verdicts: Readonly<Record<ChanErrorCode, Verdict>> = {
  'invalid-channel-name': 'stop',
  'invalid-payload': 'stop',
  'payload-too-large': 'stop',
  'schema-rejected': 'stop',
  'invalid-option': 'stop',
  'permission-denied': 'stop',
  unauthenticated: 'refresh',
  'rate-limited': 'retry',
  'limit-reached': 'retry',
  unavailable: 'retry',
  // Only with the same message id: without one, the retry may deliver twice.
  'outcome-unknown': 'retry',
  'layer-closed': 'stop',
  'layer-not-set': 'stop',
  'listen-disabled': 'stop',
  'listen-not-delivered': 'stop',
  'schema-newer': 'stop',
  'history-reset': 'resubscribe',
  'buffer-overflow': 'resubscribe',
}

/**
 * The verdict of an error code. Takes any string, because it may come from a newer peer:
 * a code unknown here gives `stop`.
 */
export function codeVerdict(code: ChanErrorCode | (string & {})): Verdict {
  return Object.hasOwn(verdicts, code) ? verdicts[code as ChanErrorCode] : 'stop'
}
