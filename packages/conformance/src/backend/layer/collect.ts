// A subscriber that keeps what it gets.

import type { Message, SubscribeOptions, Subscription } from '@chan/core'
import { until } from '../../until.js'

/** A channel of whatever type. */
interface Subscribable<T> {
  readonly name: string
  subscribe(
    callback: (message: Message<T>) => unknown,
    options?: SubscribeOptions<T>,
  ): Promise<Subscription>
}

export interface Collected {
  readonly messages: Message[]
  readonly subscription: Subscription
  /** The data so far, in order. */
  data(): unknown[]
  /** Waits for so many messages and answers their data. */
  count(count: number): Promise<unknown[]>
}

export async function collect<T>(
  channel: Subscribable<T>,
  options?: SubscribeOptions<T>,
): Promise<Collected> {
  const messages: Message[] = []
  const subscription = await channel.subscribe((message) => messages.push(message), options)
  const data = () => messages.map((message) => message.data)
  return {
    messages,
    subscription,
    data,
    async count(count) {
      await until(
        () => `${count} messages on '${channel.name}' (have ${messages.length})`,
        () => messages.length >= count,
      )
      return data()
    },
  }
}

/** The code a call is refused with; `null` if it is not refused, `'other: …'` for another error. */
export async function refusal(call: () => unknown): Promise<string | null> {
  try {
    await call()
    return null
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    return typeof code === 'string' ? code : `other: ${String(error)}`
  }
}
