// A socket whose peer stops reading until it is left out of something, as several topics need it.

import type { Channel } from '@chan/core'
import type { ChannelSocket } from '@chan/sockets'
import type { RawClient } from '../raw-client.js'

/** So large that few of them fill a bound; the kernel takes the first megabytes. */
export const PAD = 'x'.repeat(32 * 1024)

/** What is published to fill a socket up. */
export interface Numbered {
  readonly n: number
}

/** Publishes numbered messages, from `from` on, until the condition holds. Answers the next number. */
export async function publishUntil(
  channel: Channel,
  condition: () => boolean,
  from = 0,
): Promise<number> {
  const deadline = performance.now() + 20_000
  let n = from
  for (; !condition() && performance.now() < deadline; n++) {
    await channel.publish({ n, pad: PAD })
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (!condition()) throw new Error(`nothing happened within ${n} messages`)
  return n
}

/** The numbers of the messages of one channel that arrived, from a frame on. */
export function numbersOf(client: RawClient, channel: string, from = 0): number[] {
  return client.received
    .slice(from)
    .map((text) => JSON.parse(text) as { channel?: string; data: Numbered })
    .filter((message) => message.channel === channel)
    .map(({ data }) => data.n)
}

/** The most that waited for the socket while the task ran, looked at in every turn. */
export async function mostBuffered(
  socket: ChannelSocket | undefined,
  task: Promise<unknown>,
): Promise<number> {
  let most = 0
  let over = false
  const end = () => {
    over = true
  }
  task.then(end, end)
  while (!over) {
    most = Math.max(most, socket?.bufferedBytes ?? 0)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await task
  return most
}
