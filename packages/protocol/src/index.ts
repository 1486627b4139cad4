// The public surface of @chan/protocol.

export { encodeErrorFrame, parseBridgeText } from './bridge-frames.js'
export { CloseCode, closeVerdict } from './close-codes.js'
export {
  type AcceptsOwnOutput,
  type AnyChannelDefinition,
  type ChannelDefinition,
  type ChannelRef,
  type Described,
  defineChannel,
  type Metadata,
  type TypeOnly,
  type,
  type ValueOf,
} from './definition.js'
export { type ChanErrorCode, codeVerdict, type Verdict } from './error-codes.js'
export {
  ChanError,
  type ChanErrorDetails,
  type ChanErrorOptions,
  type ErrorFrame,
  isChanError,
  PermissionError,
} from './errors.js'
export { Message } from './message.js'
export type { MessageInit, MessageObject, StoredMessage } from './message-parts.js'
export {
  type IdentifierKind,
  isValidName,
  MAX_NAME_BYTES,
  validateChannelName,
  validateIdentifier,
} from './names.js'
export {
  buildName,
  comparePatterns,
  match,
  type Pattern,
  type PatternValues,
  parsePattern,
  type Segment,
  samePattern,
} from './pattern.js'
export type { PatternParams } from './pattern-params.js'
export { byteLength, encodePayload, freezeDeep } from './payload.js'
export { isPosition, joins, type Position, START } from './position.js'
export type {
  InferInput,
  InferOutput,
  SchemaIssue,
  SchemaResult,
  StandardSchemaV1,
} from './standard-schema.js'
