// The path of one subscribe: checks, the watch, the position, recovery, presence; and back out of
// it, whenever a step fails or the caller gives up.

import type { Room } from '../hub/room.js'
import type { ResetEvent, Subscriber } from '../hub/subscriber.js'
import { abortable } from '../model/abortable.js'
import { withDeadline } from '../model/deadline.js'
import {
  ChanError,
  isPosition,
  type Message,
  type Position,
  validateIdentifier,
} from '../model/message.js'
import { onAbort } from '../model/on-abort.js'
import { refuse } from '../model/option-check.js'
import type { Policy } from '../model/policy.js'
import type { LayerParts } from './parts.js'
import { Subscription, type SubscriptionHome } from './subscription.js'

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

const DEADLINE_MS = 10_000

/** @internal One subscribe, authorised. */
export interface Attachment {
  readonly channel: string
  readonly policy: Policy
  readonly callback: (message: Message) => unknown
  /** `this` of the callback and of `onReset`. */
  readonly target?: object | undefined
  readonly options: SubscribeOptions
  /** Told once, when the subscription ends in whatever way. */
  readonly ended?: () => void
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

/** @internal */
export async function attach(parts: LayerParts, attachment: Attachment): Promise<Subscription> {
  const { hub } = parts
  const { channel, options } = attachment
  options.signal?.throwIfAborted()
  const entering = hub.enterRoom(channel)
  const room = await patiently(parts, attachment, entering).catch((error: unknown) => {
    // Given up: the room may still open, for nobody.
    entering.then(({ watch }) => watch.release()).catch(() => {})
    throw error
  })
  let subscriber: Subscriber
  try {
    hub.lifecycle.assertUsable()
    options.signal?.throwIfAborted()
    subscriber = room.attach({
      callback: attachment.callback,
      target: attachment.target,
      filter: options.filterFn as ((message: Message) => unknown) | undefined,
      onReset: options.onReset,
      userId: options.userId ?? null,
    })
  } catch (error) {
    room.watch.release()
    throw error
  }
  const subscription = register(parts, attachment, room, subscriber)
  try {
    if (options.since) {
      await patiently(parts, attachment, room.recover(subscriber, options.since))
    }
    if (options.joinPresence) await bringPresence(parts, attachment, subscription)
    // Either may have ended it while its recovery or its presence was on the way.
    options.signal?.throwIfAborted()
    if (!subscription.active) hub.lifecycle.assertUsable()
    return subscription
  } catch (error) {
    await subscription.unsubscribe()
    throw error
  }
}

/** Waits until the caller or the deadline gives up. */
function patiently<T>(
  { hub }: LayerParts,
  { channel, options }: Attachment,
  task: Promise<T>,
): Promise<T> {
  const timed = withDeadline(hub.clock, DEADLINE_MS, task, () => {
    return new ChanError(
      'unavailable',
      `Subscribing to channel '${channel}' took longer than ${DEADLINE_MS / 1000} s.`,
      'The backend is slow or out of reach; subscribe again later.',
      { details: { channel } },
    )
  })
  return abortable(options.signal, timed)
}

/** Holds that subscriptions brought, by subscription. */
const held = new WeakMap<Subscription, string>()

function register(
  parts: LayerParts,
  { channel, options, ended }: Attachment,
  room: Room,
  subscriber: Subscriber,
): Subscription {
  const { subscriptions, hub } = parts
  const { signal } = options
  const aborted = () => {
    subscription
      .unsubscribe()
      .catch((error: unknown) => hub.report(error, { operation: 'unsubscribe', channel }))
  }
  const whenEnded = signal
    ? () => {
        off?.()
        ended?.()
      }
    : ended
  const [id, home] = [subscriptions.newId(), homeOf(parts)]
  const subscription = new Subscription(id, room, subscriber, home, whenEnded)
  subscriptions.add(subscription)
  const off = signal && onAbort(signal, aborted)
  return subscription
}

const homes = new WeakMap<LayerParts, SubscriptionHome>()

/** One for all subscriptions of a layer. */
function homeOf(parts: LayerParts): SubscriptionHome {
  let home = homes.get(parts)
  if (!home) {
    const { subscriptions } = parts
    home = { subscriptions, release: (subscription) => release(parts, subscription) }
    homes.set(parts, home)
  }
  return home
}

async function release({ presence }: LayerParts, subscription: Subscription): Promise<void> {
  const { userId, channel } = subscription
  if (userId === null) return
  const hold = held.get(subscription)
  if (hold !== undefined) await presence.leave(channel, userId, hold, 'left')
  // Looked for only where it can matter: the walk is long in a busy channel.
  if (!presence.mayHoldBare(channel, userId)) return
  if (!subscription.hasTwin()) await presence.releaseBare(channel, userId)
}

async function bringPresence(
  { hub, presence }: LayerParts,
  { channel, policy, options }: Attachment,
  subscription: Subscription,
): Promise<void> {
  const hold = hub.newHold()
  held.set(subscription, hold)
  await presence.join(channel, options.userId as string, hold, options.metadata, policy)
  // Unsubscribed meanwhile: its release may have come before this put.
  if (!subscription.active) {
    await presence.leave(channel, options.userId as string, hold, 'left')
  }
}
