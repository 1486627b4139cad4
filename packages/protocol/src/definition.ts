// Channel definitions: the one value that server and browser share, carrying a channel's name
// pattern, its types and its schemas. Types travel in values, so nobody repeats a type argument.

import { buildName, type PatternValues, parsePattern } from './pattern.js'
import type { PatternParams } from './pattern-params.js'
import type { InferInput, InferOutput, StandardSchemaV1 } from './standard-schema.js'

declare const carried: unique symbol
declare const carriedPresence: unique symbol

/** What presence metadata is where nothing else is said. */
export type Metadata = Record<string, unknown>

/** The name of a channel, carrying its message type `T` and presence metadata type `P`. */
export interface ChannelRef<T, P = Metadata> {
  /** The channel's name. */
  readonly name: string
  /** The pattern that gave the name. */
  readonly pattern: string
  /** Never there; holds `T` for the compiler. */
  readonly [carried]?: T
  /** Never there; holds `P` for the compiler. */
  readonly [carriedPresence]?: P
}

/** A type without a validator, made by `type<T>()`. */
export interface TypeOnly<T> {
  readonly '~chan': 'type'
  /** Never there; holds `T` for the compiler. */
  readonly [carried]?: T
}

/** Describes one kind of value: a schema that checks it, or only its type. */
export type Described = StandardSchemaV1 | TypeOnly<unknown>

/** The type of the values described: what a schema gives, or the `T` of `type<T>()`. */
export type ValueOf<D> = D extends StandardSchemaV1
  ? InferOutput<D>
  : D extends TypeOnly<infer T>
    ? T
    : never

/** `D` itself, or, for a schema that does not accept what it gives, a type nothing fits. */
export type AcceptsOwnOutput<D> = D extends StandardSchemaV1
  ? InferOutput<D> extends InferInput<D>
    ? D
    : { readonly 'a channel schema must accept its own output': never }
  : D

/** A kind of channel. Called with the pattern's parameters, it gives the reference of one channel. */
export interface ChannelDefinition<Name extends string = string, T = unknown, P = Metadata> {
  /** @throws {ChanError} `invalid-channel-name`, see `buildName` */
  (...params: ParamArguments<Name>): ChannelRef<T, P>
  /** The pattern of the channels' names. */
  readonly pattern: Name
  /** The schema of messages; undefined for `type<T>()`. */
  readonly message: StandardSchemaV1<unknown, T> | undefined
  /** The schema of presence metadata; undefined for `type<P>()` and where none is given. */
  readonly presence: StandardSchemaV1<unknown, P> | undefined
}

/** Any definition at all: what a function takes that accepts every kind of channel. */
export interface AnyChannelDefinition {
  (...params: never): ChannelRef<unknown, unknown>
  readonly pattern: string
  readonly message: StandardSchemaV1 | undefined
  readonly presence: StandardSchemaV1 | undefined
}

type ParamArguments<Name extends string> = keyof PatternParams<Name> extends never
  ? []
  : string extends Name
    ? [params?: PatternParams<Name>]
    : [params: PatternParams<Name>]

/** Says a type without shipping a validator: `defineChannel('metrics', { message: type<Metrics>() })`. */
export function type<T>(): TypeOnly<T> {
  return { '~chan': 'type' }
}

/**
 * Defines a kind of channel: `defineChannel('chat:{room}', { message: z.object({ … }) })`.
 * `message` and `presence` are Standard Schema v1 schemas or `type<T>()`. A schema must accept its
 * own output (defaults and trims do); presence metadata is an object. Both are checked by types.
 * @throws {ChanError} `invalid-option` for a malformed pattern, see `parsePattern`
 */
export function defineChannel<
  const Name extends string,
  M extends Described,
  P extends StandardSchemaV1<unknown, object> | TypeOnly<object> = TypeOnly<Metadata>,
>(
  pattern: Name,
  kinds: { readonly message: M & AcceptsOwnOutput<M>; readonly presence?: P & AcceptsOwnOutput<P> },
): ChannelDefinition<Name, ValueOf<M>, ValueOf<P>> {
  const parsed = parsePattern(pattern)
  const refer = (params: PatternValues = {}) =>
    Object.freeze({ name: buildName(parsed, params), pattern })
  return Object.assign(refer, {
    pattern,
    message: schemaOf(kinds.message),
    presence: schemaOf(kinds.presence),
  }) as never
}

function schemaOf(described: Described | undefined): StandardSchemaV1 | undefined {
  return described !== undefined && '~standard' in described ? described : undefined
}
