// What a doorbell says, read from its text: messages with their bodies, or only where they are.

import { Message } from '@chan/core/backend'
import { FIELD, RECORD } from '../packing.js'

/**
 * `M` messages, `G` one body for many channels, `P` presence, `E` a message that is not stored.
 * Others are of later versions and passed over.
 */
export type DoorbellKind = 'M' | 'G' | 'P' | 'E'

/** A doorbell's head; `content` depends on the kind. */
export interface Doorbell {
  readonly kind: DoorbellKind | string
  /** In the order of commits; 0 for what is not stored. */
  readonly number: number
  /** Doorbells of the same number that follow. */
  readonly remaining: number
  readonly generation: string
  readonly content: string
}

/** Hears what doorbells say about channels that are watched here. */
export interface MessageListener {
  /** Whether somebody watches the channel; others are not decoded. */
  watches(channel: string): boolean
  message(channel: string, message: Message): void
  /** A message that is too large for a doorbell was stored. */
  reference(channel: string, epoch: string, offset: number): void
}

/** The parts of a payload; undefined for one that is none of ours. */
export function readDoorbell(payload: string): Doorbell | undefined {
  const end = payload.indexOf(RECORD)
  if (end < 0) return undefined
  const [kind, number, remaining, generation] = payload.slice(0, end).split(FIELD)
  if (kind === undefined || generation === undefined) return undefined
  return {
    kind,
    number: Number(number),
    remaining: Number(remaining),
    generation,
    content: payload.slice(end + 1),
  }
}

/** Reads an `M` doorbell. */
export function readMessages({ content, generation }: Doorbell, listener: MessageListener): void {
  for (let start = 0; start < content.length; ) {
    const next = content.indexOf(RECORD, start)
    const end = next < 0 ? content.length : next
    readRecord(content, start, end, generation, listener)
    start = end + 1
  }
}

/** Reads a `G` doorbell: timestamp, sender, id and body, then the places. */
export function readShared({ content, generation }: Doorbell, listener: MessageListener): void {
  const [head, ...places] = content.split(RECORD) as [string, ...string[]]
  const [timestamp, sender, id, body] = head.split(FIELD) as [string, string, string, string]
  for (const place of places) {
    const [offset, epoch, channel] = place.split(FIELD) as [string, string, string]
    if (!listener.watches(channel)) continue
    listener.message(
      channel,
      Message.fromStored({
        channel,
        body,
        sender: sender === '' ? null : sender,
        timestamp: Number(timestamp),
        offset: Number(offset),
        epoch: `${epoch}.${generation}`,
        id: id === '' ? undefined : id,
      }),
    )
  }
}

// offset US epoch US channel, and unless it is a reference US timestamp US sender US id US body.
function readRecord(
  text: string,
  start: number,
  end: number,
  generation: string,
  listener: MessageListener,
): void {
  const afterOffset = text.indexOf(FIELD, start)
  const afterEpoch = text.indexOf(FIELD, afterOffset + 1)
  const found = text.indexOf(FIELD, afterEpoch + 1)
  const isReference = found < 0 || found > end
  const afterChannel = isReference ? end : found
  const channel = text.slice(afterEpoch + 1, afterChannel)
  if (!listener.watches(channel)) return
  const offset = Number(text.slice(start, afterOffset))
  const epoch = `${text.slice(afterOffset + 1, afterEpoch)}.${generation}`
  if (isReference) return listener.reference(channel, epoch, offset)
  const afterTime = text.indexOf(FIELD, afterChannel + 1)
  const afterSender = text.indexOf(FIELD, afterTime + 1)
  const afterId = text.indexOf(FIELD, afterSender + 1)
  const sender = text.slice(afterTime + 1, afterSender)
  const id = text.slice(afterSender + 1, afterId)
  listener.message(
    channel,
    Message.fromStored({
      channel,
      body: text.slice(afterId + 1, end),
      sender: sender === '' ? null : sender,
      timestamp: Number(text.slice(afterChannel + 1, afterTime)),
      offset,
      epoch,
      id: id === '' ? undefined : id,
    }),
  )
}
