// Acceptances: what `admit` answers to choose a subprotocol along with the context.

import { ChanError } from '@chan/protocol'
import { isToken } from './protocols.js'

/** Not a shape: a context may look like anything. */
const acceptance: unique symbol = Symbol.for('chan.acceptance')

/** What `accept` answers. */
export interface Acceptance<Context = unknown> {
  readonly [acceptance]: true
  readonly protocol: string | undefined
  readonly context: Context
}

/**
 * Admits an upgrade and answers one of the subprotocols that the peer offers. A browser fails a
 * connection for which it offered some and none is answered.
 * @param chosen `protocol`: one of `request.protocols`; undefined answers none. `context`: becomes
 * `request.context`
 * @throws {ChanError} `invalid-option` for a protocol that nobody can offer
 */
export function accept<Context = undefined>(chosen: {
  readonly protocol?: string | undefined
  readonly context?: Context
}): Acceptance<Context> {
  const { protocol, context } = chosen
  if (protocol === undefined || isToken(protocol)) {
    return { [acceptance]: true, protocol, context: context as Context }
  }
  throw new ChanError(
    'invalid-option',
    `'${String(protocol)}' cannot be a subprotocol: it is no token.`,
    "Name it with letters, digits and signs like '.' or '-', for example 'chat.v2'.",
  )
}

/** What an answer of `admit` that is no refusal chose. */
export interface Choice {
  readonly protocol: string | undefined
  readonly context: unknown
}

/**
 * What is chosen after `before`: a mere context leaves the protocol as it is.
 * @throws {ChanError} `invalid-option` for a protocol that was not offered
 */
export function readChoice(answer: unknown, offered: readonly string[], before: Choice): Choice {
  if (!isAcceptance(answer)) return { protocol: before.protocol, context: answer }
  const { protocol, context } = answer
  if (protocol === undefined || offered.includes(protocol)) return { protocol, context }
  throw new ChanError(
    'invalid-option',
    `'admit' accepted the subprotocol '${protocol}', which the peer does not offer.`,
    "Choose among 'request.protocols', for example with its 'find'; refuse the peer, or leave " +
      "'protocol' undefined, where none of them is spoken.",
  )
}

function isAcceptance(answer: unknown): answer is Acceptance {
  return typeof answer === 'object' && answer !== null && acceptance in answer
}
