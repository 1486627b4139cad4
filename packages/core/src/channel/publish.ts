// The path of one publish up to the backend's door: options, encoding, schema, size.

import { makeEntry, refuseTooLarge, type Stamp } from '../hub/publisher.js'
import {
  byteLength,
  ChanError,
  encodePayload,
  type Message,
  type StandardSchemaV1,
  validateIdentifier,
} from '../model/message.js'
import { refuse } from '../model/option-check.js'
import type { Policy } from '../model/policy.js'
import { validated } from '../model/schema.js'
import type { Entry } from '../ports/log.js'
import type { Transaction } from '../ports/transactions.js'
import type { LayerParts } from './parts.js'

/** Options of `channel.publish()`. */
export interface PublishOptions {
  /** Who says it. Default: nobody in particular (null). */
  readonly sender?: string | null | undefined
  /**
   * Makes the publish idempotent: publishing again under the same id within `idempotencyMs` stores
   * nothing and answers the message stored first.
   */
  readonly id?: string | undefined
  /**
   * Not stored, no offset, at most once, no place in the order of stored messages: typing
   * indicators, cursors. Default: what the channel's options say.
   */
  readonly ephemeral?: boolean | undefined
  /**
   * Publishes inside this open transaction: the message is stored and delivered iff it commits. It
   * keeps its order among the transaction's other messages, and has none towards publishes without.
   * `publish` resolves when the message is in the transaction, to a message without offset and epoch;
   * await it before you end the transaction. Never together with `ephemeral`. On a database: what
   * `layer.transaction` gave, or your own client; in memory only the former.
   */
  readonly tx?: Transaction | undefined
}

const PLAIN: Stamp = Object.freeze({ sender: null, id: null, ephemeral: false })
const PLAIN_EPHEMERAL: Stamp = Object.freeze({ ...PLAIN, ephemeral: true })

/** @internal @throws {ChanError} what `channel.publish` rejects with, before anything is delivered */
export function publish(
  parts: LayerParts,
  channel: string,
  policy: Policy,
  data: unknown,
  options: PublishOptions | null | undefined,
): Promise<Message> {
  const { hub } = parts
  hub.lifecycle.assertUsable()
  const stamp = readStamp(options, policy.ephemeral)
  const entry = encodeEntry(parts, channel, encodePayload(data), stamp, policy)
  return hub.publisher.publish(channel, policy.limits, entry)
}

/** @internal The promise that the caller gets is the one that the transaction looks after. */
export function publishIn(
  tx: Transaction,
  parts: LayerParts,
  channel: string,
  rules: () => Policy,
  data: unknown,
  options: PublishOptions | null | undefined,
): Promise<Message> {
  return parts.hub.transactions.publish(tx, () => {
    const policy = rules()
    const stamp = readStamp(options, policy.ephemeral)
    const entry = encodeEntry(parts, channel, encodePayload(data), stamp, policy)
    return { channel, limits: policy.limits, entry }
  })
}

/** @internal @throws {ChanError} `invalid-option` */
export function readStamp(options: PublishOptions | null | undefined, byDefault: boolean): Stamp {
  if (!options) return byDefault ? PLAIN_EPHEMERAL : PLAIN
  const { sender = null, id = null, ephemeral = byDefault, tx } = options
  if (sender !== null) validateIdentifier('sender', sender)
  if (id !== null) validateIdentifier('id', id)
  refuse(typeof ephemeral !== 'boolean', 'ephemeral', 'true or false')
  if (ephemeral && id !== null) {
    throw new ChanError(
      'invalid-option',
      "An ephemeral message cannot have an 'id': nothing is kept to recognise it by.",
      "Leave out 'id', or publish with { ephemeral: false }.",
    )
  }
  if (tx !== undefined) checkTransaction(tx, ephemeral)
  return { sender, id, ephemeral }
}

function checkTransaction(tx: unknown, ephemeral: boolean): void {
  const { query } = (tx ?? {}) as Partial<Transaction>
  refuse(typeof query !== 'function', 'tx', 'an open transaction, with a query method')
  if (!ephemeral) return
  throw new ChanError(
    'invalid-option',
    'An ephemeral message cannot be part of a transaction: nothing of it is stored.',
    "Leave out 'tx', or publish with { ephemeral: false }.",
  )
}

/** @internal The data as JSON text, and how long that is. */
export interface Body {
  readonly text: string
  /** In UTF-8. */
  readonly bytes: number
}

/**
 * @internal The entry for one channel, at once unless the channel's schema is async.
 * @throws {ChanError} `invalid-payload`, `schema-rejected`, `payload-too-large`
 */
function encodeEntry(
  parts: LayerParts,
  channel: string,
  body: string,
  stamp: Stamp,
  { schema }: Policy,
): Entry | Promise<Entry> {
  if (!schema) return entryOf(parts, channel, body, stamp)
  return whatIsValid(parts, channel, body, schema, (text) => entryOf(parts, channel, text, stamp))
}

/**
 * @internal What becomes of a body by the schema of a channel, at once unless that is async.
 * @throws {ChanError} `invalid-payload`, `schema-rejected`, `payload-too-large`
 */
export function validBody(
  parts: LayerParts,
  channel: string,
  body: Body,
  schema: StandardSchemaV1 | undefined,
): Body | Promise<Body> {
  if (!schema) return body
  return whatIsValid(parts, channel, body.text, schema, (text) => measured(parts, channel, text))
}

/** @internal @throws {ChanError} `payload-too-large` */
export function measured({ maxMessageBytes }: LayerParts, name: string, text: string): Body {
  const bytes = byteLength(text)
  refuseTooLarge(name, bytes, maxMessageBytes)
  return { text, bytes }
}

/** The schema sees the data as JSON has it: what subscribers will see, taken at the call. */
function whatIsValid<R>(
  { hub }: LayerParts,
  channel: string,
  body: string,
  schema: StandardSchemaV1,
  use: (text: string) => R,
): R | Promise<R> {
  const what = `a message for channel '${channel}'`
  return validated(hub.clock, schema, JSON.parse(body), what, (value) => use(encodePayload(value)))
}

function entryOf(
  { hub, maxMessageBytes }: LayerParts,
  channel: string,
  body: string,
  stamp: Stamp,
): Entry {
  const entry = makeEntry(body, stamp, hub.clock)
  refuseTooLarge(channel, entry.bytes, maxMessageBytes)
  return entry
}
