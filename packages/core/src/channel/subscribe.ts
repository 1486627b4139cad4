// The path of one subscribe: checks, the room, the position, recovery, presence; and back out of it,
// whenever a step fails or the caller gives up.

import type { Pace } from '../hub/recovery.js'
import type { Room } from '../hub/room.js'
import type { Subscriber } from '../hub/subscriber.js'
import {
  ChanError,
  isPosition,
  type Message,
  type PermissionError,
  type Position,
  validateIdentifier,
} from '../model/message.js'
import { onAbort } from '../model/on-abort.js'
import { refuse } from '../model/option-check.js'
import type { Policy } from '../model/policy.js'
import { copyPosition } from '../model/position.js'
import type { ResetEvent } from '../model/reset-event.js'
import { copyMetadata } from '../presence/record.js'
import { enter, patiently } from './enter.js'
import type { Grant } from './grant.js'
import type { LayerParts } from './parts.js'
import { Subscription } from './subscription.js'

/** Options of `channel.subscribe()`. */
export interface SubscribeOptions<T = unknown> {
  /** Who subscribes; the channel's `authFn` is asked about it. Default: anonymous. */
  readonly userId?: string | null | undefined
  /** Only messages for which this answers something truthy. One that throws skips the message. */
  readonly filterFn?: ((message: Message<T>) => unknown) | undefined
  /** Deliver what was published after this position first. */
  readonly since?: Position | undefined
  /** Gives up waiting, or unsubscribes. */
  readonly signal?: AbortSignal | undefined
  /** Be present as `userId` while subscribed. Default false. */
  readonly joinPresence?: boolean | undefined
  /** Presence metadata, with `joinPresence`. */
  readonly metadata?: object | undefined
  /** Continuity was lost; without it, `onError` hears of it. */
  readonly onReset?: ((event: ResetEvent) => void) | undefined
}

/** @internal One subscribe, authorised. */
export interface Subscribing {
  readonly channel: string
  readonly policy: Policy
  readonly callback: (message: Message) => unknown
  readonly options: SubscribeOptions
  /** How fast `since` may come; without it, at once. */
  readonly pace?: Pace | undefined
  /** What a subscription in a user's name stands on. */
  readonly grant?: Grant | undefined
  /** Told once, when the subscription ends in whatever way; why, if its permission was taken back. */
  readonly ended?: ((denied?: PermissionError) => void) | undefined
}

/** @internal The options as they are now: they are used step by step, and may change meanwhile. */
export function copySubscribe(options: SubscribeOptions): SubscribeOptions {
  const { userId, filterFn, since, signal, joinPresence, metadata, onReset } = options
  return {
    ...{ userId, filterFn, signal, joinPresence, onReset },
    since: copyPosition(since),
    metadata: copyMetadata(metadata),
  }
}

/** @throws {ChanError} `invalid-option` */
export function checkSubscribe(callback: unknown, options: SubscribeOptions): void {
  const { userId, filterFn, since, joinPresence, onReset } = options
  refuse(typeof callback !== 'function', 'callback', 'a function')
  refuse(filterFn !== undefined && typeof filterFn !== 'function', 'filterFn', 'a function')
  refuse(onReset !== undefined && typeof onReset !== 'function', 'onReset', 'a function')
  refuse(since !== undefined && !isPosition(since), 'since', 'a position { epoch, offset }')
  if (userId !== undefined && userId !== null) validateIdentifier('userId', userId)
  else if (joinPresence) {
    throw new ChanError(
      'invalid-option',
      "'joinPresence' needs a 'userId'.",
      'Pass the userId that is to be present.',
    )
  }
}

/** @internal Nobody is asked for permission: whoever calls has. */
export async function subscribeUnasked(
  parts: LayerParts,
  subscribing: Subscribing,
): Promise<Subscription> {
  const { hub } = parts
  const { channel, callback, options, pace, grant } = subscribing
  const { since, userId = null } = options
  const signal = grant?.signal ?? options.signal
  signal?.throwIfAborted()
  const room = await enter(hub, channel, signal)
  const kind = { callback, filter: options.filterFn, onReset: options.onReset }
  const subscriber = room.attach(kind, { userId, reader: pace })
  const subscription = register(parts, subscribing, room, subscriber)
  try {
    if (since) await patiently(hub, channel, signal, subscriber.recover(since))
    if (options.joinPresence) await bringPresence(parts, subscribing, subscription)
    if (grant) await grant.heard()
    // Either may have ended it while its recovery or its presence was on the way.
    signal?.throwIfAborted()
    if (!subscription.active) hub.lifecycle.assertUsable()
    // A loop hears of it in the loop.
    if (!subscribing.ended) {
      grant?.tell((denied) => hub.report(denied, { operation: 'revoked', channel }))
    }
    return subscription
  } catch (error) {
    await subscription.unsubscribe()
    throw error
  }
}

/** An abort ends the subscription, and its end lets go of the signal and the grant. */
function register(
  { hub, subscriptions }: LayerParts,
  { channel, options, grant, ended }: Subscribing,
  room: Room,
  subscriber: Subscriber,
): Subscription {
  const signal = grant?.signal ?? options.signal
  if (!signal) return new Subscription(room, subscriber, subscriptions, ended)
  const subscription = new Subscription(room, subscriber, subscriptions, () => {
    off()
    grant?.end()
    ended?.(grant?.denied)
  })
  const failed = (error: unknown) => hub.report(error, { operation: 'unsubscribe', channel })
  const off = onAbort(signal, () => void subscription.unsubscribe().catch(failed))
  return subscription
}

async function bringPresence(
  { hub, presence }: LayerParts,
  { channel, policy, options }: Subscribing,
  subscription: Subscription,
): Promise<void> {
  const [userId, hold] = [options.userId as string, hub.newHold()]
  subscription.bringsPresence(hold)
  await presence.join(channel, userId, hold, options.metadata, policy)
  // Unsubscribed meanwhile: its release may have come before this put.
  if (!subscription.active) await presence.leave(channel, userId, hold, 'left')
}
