// A group as users hold it: publish once, reach every member channel.

import { type Batch, makeEntry } from '../hub/publisher.js'
import {
  ChanError,
  type ChannelRef,
  encodePayload,
  type StandardSchemaV1,
  validateChannelName,
} from '../model/message.js'
import type { LayerParts } from './parts.js'
import { type Body, measured, type PublishOptions, readStamp, validBody } from './publish.js'
import { nameOf } from './registry.js'

/** Options of `group.publish()`. */
export type GroupPublishOptions = Omit<PublishOptions, 'ephemeral' | 'tx'>

/** Members that one operation of the backend reaches; more are reached in several. */
const CHUNK = 10_000

/** Members for which the same is to be made of the data. */
interface Kind {
  readonly schema: StandardSchemaV1 | undefined
  readonly ephemeral: boolean
  readonly channels: string[]
}

interface Gathered extends Batch {
  readonly channels: string[]
}

/** A named set of channels. Membership is shared by the cluster. */
export class Group {
  /** 1–255 bytes, without control characters. Groups and channels have names of their own. */
  readonly name: string
  readonly #parts: LayerParts

  /** @internal */
  constructor(name: string, parts: LayerParts) {
    this.name = name
    this.#parts = parts
  }

  /** Adds a channel for good. Adding a member again is a no-op. */
  async add(channel: string | ChannelRef<unknown, unknown>): Promise<void> {
    await this.#addMember(nameOf(channel), null)
  }

  /** Removes a channel, whoever holds it in the group. Removing a stranger is a no-op. */
  async discard(channel: string | ChannelRef<unknown, unknown>): Promise<void> {
    await this.#removeMember(nameOf(channel), null)
  }

  /** Names of the member channels. */
  async members(): Promise<Set<string>> {
    await this.#connected()
    return new Set(await this.#parts.hub.backend.members(this.name))
  }

  /** How many channels are members. */
  async size(): Promise<number> {
    return (await this.members()).size
  }

  /**
   * Publishes to every member, each once; members are read at the call. Every member's schema is
   * asked before anything is stored, one that several have once. Resolves to the number of channels.
   * It keeps its place among the other publishes of this process to its members. Groups of more than
   * 10,000 members are reached in several steps: if one fails, publishing again with the same `id`
   * reaches the rest, and nobody twice. What an `ephemeral` channel gets is ephemeral; such a member
   * and an `id` exclude each other, as they do in `channel.publish`.
   * @throws {ChanError} as `channel.publish` does, before anybody gets anything
   */
  async publish(data: unknown, options?: GroupPublishOptions | null): Promise<number> {
    const { hub, policies } = this.#parts
    hub.lifecycle.assertUsable()
    const { sender, id, tx } = (options ?? {}) as PublishOptions
    if (tx !== undefined) throw groupInTransaction(this.name)
    readStamp({ sender, id }, false)
    // Taken at the call; bad data is refused even where nobody would get it.
    const body = measured(this.#parts, this.name, encodePayload(data))
    return hub.publisher.publishEach(() => hub.backend.members(this.name), {
      batches: (members) => this.#batches(members, body, { sender, id }),
      limits: (channel) => policies.of(channel).limits,
    })
  }

  /** @internal Makes the channel a member while the hold lasts. */
  async hold(channel: string, hold: string): Promise<void> {
    await this.#addMember(channel, hold)
  }

  /** @internal */
  async release(channel: string, hold: string): Promise<void> {
    await this.#removeMember(channel, hold)
  }

  /** One entry for all members, unless their schemas make something else of the data. */
  #batches(
    members: readonly string[],
    body: Body,
    options: PublishOptions,
  ): readonly Batch[] | Promise<readonly Batch[]> {
    const kinds = this.#kinds(members, options)
    const bodies = new Map<StandardSchemaV1 | undefined, Body | Promise<Body>>()
    for (const { schema, channels } of kinds) {
      if (bodies.has(schema)) continue
      const made = validBody(this.#parts, channels[0] as string, body, schema)
      // Another one may refuse the data before this one has answered.
      if (made instanceof Promise) made.catch(() => {})
      bodies.set(schema, made)
    }
    const each = kinds.map(({ schema }) => bodies.get(schema) as Body | Promise<Body>)
    const batch = (known: readonly Body[]) => this.#gather(kinds, known, options)
    if (each.some((made) => made instanceof Promise)) return Promise.all(each).then(batch)
    return batch(each as Body[])
  }

  /** The members by what is to be made of the data for them. */
  #kinds(members: readonly string[], { id }: PublishOptions): readonly Kind[] {
    const kinds: Kind[] = []
    const stored = new Map<StandardSchemaV1 | undefined, Kind>()
    const passing = new Map<StandardSchemaV1 | undefined, Kind>()
    for (const channel of members) {
      const { schema, ephemeral } = this.#parts.policies.of(channel)
      if (ephemeral && id !== undefined) throw ephemeralMember(this.name, channel)
      const known = ephemeral ? passing : stored
      let kind = known.get(schema)
      if (!kind) {
        kind = { schema, ephemeral, channels: [] }
        known.set(schema, kind)
        kinds.push(kind)
      }
      kind.channels.push(channel)
    }
    return kinds
  }

  /** Those for whom it became the same body get one entry, in operations of a bounded size. */
  #gather(
    kinds: readonly Kind[],
    bodies: readonly Body[],
    options: PublishOptions,
  ): readonly Batch[] {
    const { clock } = this.#parts.hub
    const [stored, passing] = [new Map<string, Gathered>(), new Map<string, Gathered>()]
    for (const [at, { ephemeral, channels }] of kinds.entries()) {
      const { text, bytes } = bodies[at] as Body
      const known = ephemeral ? passing : stored
      let same = known.get(text)
      if (!same) {
        const stamp = readStamp({ ...options, ephemeral }, false)
        same = { channels: [], entry: makeEntry(text, stamp, clock, bytes) }
        known.set(text, same)
      }
      for (const channel of channels) same.channels.push(channel)
    }
    return [...stored.values(), ...passing.values()].flatMap(inChunks)
  }

  async #addMember(channel: string, hold: string | null): Promise<void> {
    validateChannelName(channel)
    await this.#connected()
    await this.#parts.hub.backend.addMember(this.name, channel, hold)
  }

  async #removeMember(channel: string, hold: string | null): Promise<void> {
    validateChannelName(channel)
    // What a connection holds is released while the layer closes, too.
    if (hold === null) this.#parts.hub.lifecycle.assertUsable()
    await this.#parts.hub.lifecycle.ready()
    await this.#parts.hub.backend.removeMember(this.name, channel, hold)
  }

  async #connected(): Promise<void> {
    this.#parts.hub.lifecycle.assertUsable()
    await this.#parts.hub.lifecycle.ready()
  }
}

function groupInTransaction(group: string): ChanError {
  return new ChanError(
    'invalid-option',
    `Group '${group}' cannot publish inside a transaction.`,
    "Publish to each of its members with 'tx', or to the group after the transaction.",
  )
}

function ephemeralMember(group: string, channel: string): ChanError {
  return new ChanError(
    'invalid-option',
    `Group '${group}' cannot publish with an 'id': its member '${channel}' is ephemeral, and nothing is kept there to recognise it by.`,
    "Leave out 'id', or take the channel out of the group.",
  )
}

function inChunks({ channels, entry }: Batch): readonly Batch[] {
  const count = Math.ceil(channels.length / CHUNK)
  return Array.from({ length: count }, (_, at) => ({
    channels: channels.slice(at * CHUNK, (at + 1) * CHUNK),
    entry,
  }))
}
