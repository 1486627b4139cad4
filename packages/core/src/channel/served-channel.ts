// A channel as whoever serves clients uses it: core's side of the connections port.

import type { Hub } from '../hub/hub.js'
import { validateIdentifier } from '../model/message.js'
import type { Policy } from '../model/policy.js'
import { type SlowConsumer, safeKey } from '../model/slow-consumer.js'
import type { Attachment, Reader, ServedChannel } from '../ports/connections.js'
import type { LeaveReason } from '../ports/presence.js'
import { ChannelAttachment } from './attachment.js'
import { authorize } from './authorize.js'
import { Group } from './group.js'
import type { LayerParts } from './parts.js'

/** Leads from a channel to its side for those who serve clients, in whatever copy of the package. */
export const SERVED: unique symbol = Symbol.for('chan.channel.served')

/** What a handle on a channel tells about itself. */
export interface HandleFacts<Handle> {
  readonly name: string
  readonly parts: LayerParts
  readonly handle: Handle
  rules(): Policy
  bind(hold: string, joined: (userId: string) => void): Handle
}

/** @internal */
export class ServedHandle<Handle> implements ServedChannel<Handle> {
  readonly #facts: HandleFacts<Handle>
  #slow: (SlowConsumer & Pick<Policy, 'conflateKey'>) | undefined

  constructor(facts: HandleFacts<Handle>) {
    this.#facts = facts
  }

  get name(): string {
    return this.#facts.name
  }

  get context(): Hub {
    return this.#facts.parts.hub
  }

  get handle(): Handle {
    return this.#facts.handle
  }

  authorize(userId: string | null): Promise<void> {
    return authorize(this.context, this.name, this.#facts.rules().authFn, userId)
  }

  attach(reader: Reader): Attachment {
    return new ChannelAttachment(this.#facts, reader)
  }

  slowConsumer(): SlowConsumer {
    const { slowConsumer: policy, conflateKey } = this.#facts.rules()
    if (this.#slow?.policy === policy && this.#slow.conflateKey === conflateKey) return this.#slow
    const { slowConsumers: counts, report } = this.context
    const keyOf = safeKey(conflateKey, (error) =>
      report(error, { operation: 'conflateKey', channel: this.name }),
    )
    this.#slow = { policy, conflateKey, counts, keyOf }
    return this.#slow
  }

  bind(hold: string, joined: (userId: string) => void): Handle {
    return this.#facts.bind(hold, joined)
  }

  hold(userId: string, hold: string, metadata: unknown): Promise<{ readonly first: boolean }> {
    const { parts, rules } = this.#facts
    return parts.presence.join(this.name, userId, hold, metadata, rules())
  }

  release(userId: string, hold: string, reason: LeaveReason): Promise<{ readonly last: boolean }> {
    return this.#facts.parts.presence.leave(this.name, userId, hold, reason)
  }

  enterGroup(group: string, hold: string): Promise<void> {
    return this.#group(group).hold(this.name, hold)
  }

  leaveGroup(group: string, hold: string): Promise<void> {
    return this.#group(group).release(this.name, hold)
  }

  #group(name: string): Group {
    return new Group(validateIdentifier('group', name), this.#facts.parts)
  }
}
