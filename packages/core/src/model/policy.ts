// What a channel is allowed and told to do: options by name, definitions by pattern, layer defaults.

import type { HistoryLimits } from './history.js'
import {
  type AnyChannelDefinition,
  ChanError,
  comparePatterns,
  type Message,
  match,
  type Pattern,
  parsePattern,
  type StandardSchemaV1,
  samePattern,
} from './message.js'
import { refuse } from './option-check.js'
import type { SlowConsumerPolicy } from './slow-consumer.js'

/**
 * Decides who may subscribe. Asked at subscribe time only. Anything but `true` denies; a throw or a
 * rejection denies and is reported to `onError`. `userId` is null for an anonymous user.
 */
export type AuthFn = (channelName: string, userId: string | null) => unknown

/** Options of one channel by name; they last as long as the layer. */
export interface ChannelOptions {
  /** The most recent messages that `history()` shows; default: the layer's `defaultHistorySize`. */
  readonly maxHistory?: number | undefined
  /**
   * Age in milliseconds after which `history()` no longer shows a message; default: none. It counts
   * when history is read: a longer one shows older messages again, as far as `maxHistory` keeps them.
   */
  readonly historyTtlMs?: number | undefined
  /** Publishes are ephemeral unless they say otherwise; default false. */
  readonly ephemeral?: boolean | undefined
  /** Default: everybody may subscribe. */
  readonly authFn?: AuthFn | undefined
  /**
   * What becomes of messages for a socket for which more than `maxBufferedBytes` wait; default
   * `disconnect`. Asked when a socket is bridged or forwarded to.
   */
  readonly slowConsumer?: SlowConsumerPolicy | undefined
  /**
   * With `conflate`: the newer of two messages with the same key replaces the older one. Default: all
   * messages of the channel have the same key. One that throws is reported and takes that key.
   */
  readonly conflateKey?: ((message: Message) => string) | undefined
  /** Standard Schema v1; validates every publish, and what it gives is what is stored. */
  readonly schema?: StandardSchemaV1 | undefined
}

/**
 * What a definition says about every channel whose name matches its pattern. `schema` is for
 * patterns given as text; a `ChannelDefinition` brings its own.
 */
export type DefinitionOptions = ChannelOptions

/** @internal What holds for one channel. */
export interface Policy {
  readonly limits: HistoryLimits
  readonly ephemeral: boolean
  readonly authFn: AuthFn | undefined
  readonly slowConsumer: SlowConsumerPolicy
  readonly conflateKey: ((message: Message) => string) | undefined
  readonly schema: StandardSchemaV1 | undefined
  readonly presenceSchema: StandardSchemaV1 | undefined
}

interface Definition {
  readonly pattern: Pattern
  readonly options: ChannelOptions
  readonly presenceSchema: StandardSchemaV1 | undefined
}

const SLOW_POLICIES: readonly SlowConsumerPolicy[] = ['disconnect', 'catch-up', 'drop', 'conflate']

/** Names with options of their own above which the layer warns. */
const MANY_NAMES = 10_000

/** @internal Explicit option by name > definition > layer default, option by option. */
export class Policies {
  /** Grows with every change, so that what was resolved can be cached. */
  version = 0
  readonly #fallback: Policy
  readonly #definitions: Definition[] = []
  readonly #byName = new Map<string, ChannelOptions>()
  readonly #warn: (error: Error) => void
  #warned = false

  constructor(defaultHistorySize: number, warn: (error: Error) => void) {
    readOptions({ maxHistory: defaultHistorySize })
    this.#warn = warn
    this.#fallback = {
      limits: { maxHistory: defaultHistorySize, historyTtlMs: null, explicit: false },
      ephemeral: false,
      authFn: undefined,
      slowConsumer: 'disconnect',
      conflateKey: undefined,
      schema: undefined,
      presenceSchema: undefined,
    }
  }

  /** Adds a definition; the most specific matching one counts. */
  define(target: string | AnyChannelDefinition, options: DefinitionOptions): void {
    const own = readOptions(options)
    const source = typeof target === 'string' ? target : target.pattern
    const pattern = parsePattern(source)
    const twin = this.#definitions.find((definition) => samePattern(definition.pattern, pattern))
    if (twin) {
      throw new ChanError(
        'invalid-option',
        `The pattern '${source}' matches the same names as '${twin.pattern.source}'.`,
        'Define each kind of channel once, with all its options.',
      )
    }
    const shared = typeof target === 'string' ? undefined : target
    if (shared?.message && own.schema) {
      throw new ChanError(
        'invalid-option',
        `The definition of '${source}' has a message schema already.`,
        "Leave out 'schema'.",
      )
    }
    this.#definitions.push({
      pattern,
      options: { ...own, schema: own.schema ?? shared?.message },
      presenceSchema: shared?.presence,
    })
    this.#definitions.sort((a, b) => comparePatterns(a.pattern, b.pattern))
    this.version++
  }

  /** Sets the named options of one channel; those not named stay as they are. */
  setByName(channel: string, options: ChannelOptions): void {
    const named = Object.entries(readOptions(options)).filter(([, value]) => value !== undefined)
    if (named.length === 0) return
    const merged = { ...this.#byName.get(channel), ...Object.fromEntries(named) }
    this.#byName.set(channel, merged)
    this.version++
    if (this.#byName.size <= MANY_NAMES || this.#warned) return
    this.#warned = true
    this.#warn(
      new ChanError(
        'limit-reached',
        `More than ${MANY_NAMES} channels have options by name; they are kept as long as the layer.`,
        "For names that clients choose, use layer.define('pattern:*', options).",
      ),
    )
  }

  of(channel: string): Policy {
    const named = this.#byName.get(channel)
    const definition = this.#definitions.find(({ pattern }) => match(pattern, channel) !== null)
    if (!named && !definition) return this.#fallback
    const pick = <K extends keyof ChannelOptions>(key: K) =>
      named?.[key] ?? definition?.options[key]
    const maxHistory = pick('maxHistory')
    const historyTtlMs = pick('historyTtlMs')
    return {
      limits: {
        maxHistory: maxHistory ?? this.#fallback.limits.maxHistory,
        historyTtlMs: historyTtlMs ?? null,
        explicit: maxHistory !== undefined || historyTtlMs !== undefined,
      },
      ephemeral: pick('ephemeral') ?? false,
      authFn: pick('authFn'),
      slowConsumer: pick('slowConsumer') ?? 'disconnect',
      conflateKey: pick('conflateKey'),
      schema: pick('schema'),
      presenceSchema: definition?.presenceSchema,
    }
  }
}

/** The known options, checked and copied, wherever they come from: a class instance has own ones, too. */
function readOptions(options: ChannelOptions): ChannelOptions {
  const { maxHistory, historyTtlMs, ephemeral, authFn, schema } = options
  const { slowConsumer, conflateKey } = options
  refuse(
    maxHistory !== undefined && !(Number.isSafeInteger(maxHistory) && maxHistory >= 0),
    'maxHistory',
    'a whole number from 0',
  )
  refuse(
    historyTtlMs !== undefined && !(Number.isFinite(historyTtlMs) && historyTtlMs > 0),
    'historyTtlMs',
    'a positive number of milliseconds',
  )
  refuse(ephemeral !== undefined && typeof ephemeral !== 'boolean', 'ephemeral', 'true or false')
  refuse(authFn !== undefined && typeof authFn !== 'function', 'authFn', 'a function')
  refuse(
    slowConsumer !== undefined && !SLOW_POLICIES.includes(slowConsumer),
    'slowConsumer',
    SLOW_POLICIES.join(', '),
  )
  refuse(
    conflateKey !== undefined && typeof conflateKey !== 'function',
    'conflateKey',
    'a function',
  )
  const isSchema = schema === undefined || typeof schema['~standard']?.validate === 'function'
  refuse(!isSchema, 'schema', 'a Standard Schema v1 schema')
  return {
    ...{ maxHistory, historyTtlMs, ephemeral, slowConsumer, conflateKey, schema },
    authFn: bound(options, authFn),
  }
}

/** A method keeps its object. */
function bound(options: ChannelOptions, authFn: AuthFn | undefined): AuthFn | undefined {
  return authFn && ((channelName, userId) => authFn.call(options, channelName, userId))
}
