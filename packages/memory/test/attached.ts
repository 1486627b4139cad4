// Readers on a channel of a layer, as whoever serves clients attaches them.

import type { Message, Position } from '@chan/core'
import { Latch, type Reader, type ResetEvent, servedChannel } from '@chan/core/connections'
import { waitFor } from '@chan/testkit'
import { afterEach } from 'vitest'
import { InMemoryChannelLayer, type InMemoryLayerOptions } from '../src/index.js'

const layers: InMemoryChannelLayer[] = []
afterEach(async () => {
  await Promise.all(layers.splice(0).map((layer) => layer.disconnect()))
})

export const upTo = (last: number, first = 1) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A layer with one channel, closed after the test. */
export function open(options: InMemoryLayerOptions = {}) {
  const layer = new InMemoryChannelLayer(options)
  layers.push(layer)
  const chat = layer.channel('chat')
  const publish = async (count: number) => {
    for (let n = 0; n < count; n++) await chat.publish('x')
  }
  return { layer, chat, served: servedChannel(chat), publish, attach: () => attached(chat) }
}

/** A reader on a channel that has room for so many messages that are read. */
export function attached(chat: object, room = Number.POSITIVE_INFINITY) {
  const seen: (number | string)[] = []
  const resets: ResetEvent[] = []
  const latch = new Latch()
  const state = { room, asked: 0, epoch: '' }
  const reader = {
    deliver: ({ offset, epoch = '', data }: Message) => {
      seen.push(offset ?? (data as string))
      if (offset !== undefined) Object.assign(state, { room: state.room - 1, epoch })
    },
    reset: (event: ResetEvent) => void resets.push(event),
    room: () => {
      state.asked++
      return state.room > 0 ? undefined : latch.wait()
    },
    pageLimit: { messages: 10, bytes: 1_000 },
  } satisfies Reader
  const takes = (count: number) => {
    state.room = count
    latch.open()
  }
  const attachment = servedChannel(chat).attach(reader)
  const begin = (history = 0, userId: string | null = null) => attachment.begin({ userId, history })
  const live = () => waitFor(() => attachment.live, { label: 'live', intervalMs: 0 })
  const at = (offset: number): Position => ({ epoch: state.epoch, offset })
  return { attachment, begin, seen, resets, state, takes, live, at, reader }
}
