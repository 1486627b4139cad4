// A group as users hold it: publish once, reach every member channel.

import { type Batch, refuseTooLarge } from '../hub/publisher.js'
import {
  byteLength,
  ChanError,
  type ChannelRef,
  encodePayload,
  validateChannelName,
} from '../model/message.js'
import type { Policy } from '../model/policy.js'
import type { Entry } from '../ports/log.js'
import type { LayerParts } from './parts.js'
import { encodeEntry, type PublishOptions, readStamp } from './publish.js'
import { nameOf } from './registry.js'

/** Options of `group.publish()`. */
export type GroupPublishOptions = Omit<PublishOptions, 'ephemeral' | 'tx'>

/** Members that one operation of the backend reaches; more are reached in several. */
const CHUNK = 10_000

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
   * asked before anything is stored. Resolves to the number of channels. It keeps its place among
   * the other publishes of this process. Groups of more than 10,000 members are reached in several
   * steps: if one fails, publishing again with the same `id` reaches the rest, and nobody twice.
   * @throws {ChanError} as `channel.publish` does
   */
  async publish(data: unknown, options?: GroupPublishOptions | null): Promise<number> {
    const { hub, policies } = this.#parts
    hub.lifecycle.assertUsable()
    const { sender, id, tx } = (options ?? {}) as PublishOptions
    if (tx !== undefined) throw groupInTransaction(this.name)
    readStamp({ sender, id }, false)
    // Taken at the call; bad data is refused even where nobody would get it.
    const body = encodePayload(data)
    refuseTooLarge(this.name, byteLength(body), this.#parts.maxMessageBytes)
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
  async #batches(
    members: readonly string[],
    body: string,
    options: PublishOptions,
  ): Promise<Batch[]> {
    const { policies } = this.#parts
    const batches: Batch[] = []
    const open = new Map<string, Batch & { readonly channels: string[] }>()
    let shared: Entry | undefined
    for (const channel of members) {
      const policy = policies.of(channel)
      const plain = !policy.schema && !policy.ephemeral
      const entry = (plain && shared) || (await this.#entryFor(channel, body, options, policy))
      if (plain) shared = entry
      const key = `${entry.ephemeral} ${entry.body}`
      let batch = open.get(key)
      if (!batch || batch.channels.length === CHUNK) {
        batch = { channels: [], entry }
        open.set(key, batch)
        batches.push(batch)
      }
      batch.channels.push(channel)
    }
    return batches
  }

  #entryFor(channel: string, body: string, options: PublishOptions, policy: Policy) {
    const ephemeral = policy.ephemeral && options.id === undefined
    const stamp = readStamp({ ...options, ephemeral }, false)
    return encodeEntry(this.#parts, channel, body, stamp, policy)
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
