// One batch on its way to the database: which messages it has, the statement's parameters, and what
// the answer means for each message.

import type { Buffer } from 'node:buffer'
import { type Entry, type HistoryLimits, Message } from '@chan/core/backend'
import { float8Array, int4Array, textArray } from '../binary-array.js'
import { arrayLiteral, FIELD, PART, RECORD } from '../packing.js'
import {
  DoorbellPacker,
  recordBytes,
  referenceBytes,
  stampBytes,
} from '../receive/doorbell-size.js'

/** A message that waits for its place. */
export interface Item {
  readonly channel: string
  readonly entry: Entry
  readonly limits: HistoryLimits
}

/** The call of `append`; see schema/migrations/0001/publish.ts. */
export function appendStatement(schema: string): string {
  const params = Array.from({ length: 16 }, (_, index) => `$${index + 1}`).join(', ')
  return `select ${schema}.append(${params}) as answer`
}

/** As many as no channel has. */
const MAX_INT4 = 2 ** 31 - 1

/** The parameters after publisher, token, number and whether it is sent again. */
export function batchValues(items: readonly Item[], shared: boolean): unknown[] {
  const places = new Map<string, { readonly index: number; count: number }>()
  const named: Item[] = []
  const channels: number[] = []
  const nths: number[] = []
  for (const item of items) {
    let place = places.get(item.channel)
    if (place === undefined) {
      place = { index: named.push(item), count: 0 }
      places.set(item.channel, place)
    } else named[place.index - 1] = item // the last limits win
    channels.push(place.index)
    nths.push(++place.count)
  }
  const [{ entry }] = items as [Item]
  return [
    textArray(named.map(({ channel }) => channel)),
    int4Array(named.map(({ limits }) => Math.min(limits.maxHistory, MAX_INT4))),
    arrayLiteral(named.map(({ limits }) => limits.historyTtlMs)),
    arrayLiteral(named.map(({ limits }) => limits.explicit)),
    int4Array(channels),
    int4Array(nths),
    shared ? null : bodiesOf(items),
    optional(items, ({ sender }) => sender),
    optional(items, ({ id }) => id),
    float8Array(items.map(({ entry }) => entry.timestamp)),
    int4Array(shared ? sharedPieces(items) : pieces(items)),
    shared ? entry.body : null,
  ]
}

function bodiesOf(items: readonly Item[]): Buffer {
  return textArray(
    items.map(({ entry }) => entry.body),
    items.map(({ entry }) => entry.bytes),
  )
}

/** The messages as they were stored, in the order of the items. */
export function storedMessages(items: readonly Item[], answer: string): Message[] {
  const [generation, channels, duplicates] = answer.split(PART) as [string, string, string]
  const known = new Map<number, Duplicate>()
  for (const record of duplicates === '' ? [] : duplicates.split(RECORD)) {
    const [ord, offset, timestamp, sender, body] = record.split(FIELD) as DuplicateFields
    known.set(Number(ord) - 1, {
      offset: Number(offset),
      timestamp: Number(timestamp),
      sender: sender === '' ? null : sender,
      body,
    })
  }
  const records = channels.split(RECORD)
  const places = new Map<string, { readonly epoch: string; next: number }>()
  return items.map(({ channel, entry }, index) => {
    let place = places.get(channel)
    if (!place) {
      const [epoch, top] = (records[places.size] as string).split(FIELD) as [string, string]
      place = { epoch: `${epoch}.${generation}`, next: Number(top) + 1 }
      places.set(channel, place)
    }
    const first = known.get(index)
    return Message.fromStored({
      channel,
      body: first?.body ?? entry.body,
      sender: first ? first.sender : entry.sender,
      timestamp: first?.timestamp ?? entry.timestamp,
      offset: first?.offset ?? place.next++,
      epoch: place.epoch,
      id: entry.id ?? undefined,
    })
  })
}

interface Duplicate {
  readonly offset: number
  readonly timestamp: number
  readonly sender: string | null
  readonly body: string
}

type DuplicateFields = [
  ord: string,
  offset: string,
  timestamp: string,
  sender: string,
  body: string,
]

/** Mostly nobody has one. */
function optional(items: readonly Item[], field: (entry: Entry) => string | null): Buffer | null {
  if (items.every(({ entry }) => field(entry) === null)) return null
  return textArray(items.map(({ entry }) => field(entry)))
}

function pieces(items: readonly Item[]): number[] {
  const packer = new DoorbellPacker()
  return items.map(({ channel, entry }) => {
    const bytes = recordBytes(channel, entry) + entry.bytes
    return packer.fits(bytes) ? packer.place(bytes) : -packer.place(referenceBytes(channel))
  })
}

/** Every doorbell carries the shared body once; too large a one makes all of them references. */
function sharedPieces(items: readonly Item[]): number[] {
  const { entry } = items[0] as Item
  const head = entry.bytes + stampBytes(entry)
  const inline = head <= MAX_SHARED_BYTES
  const packer = new DoorbellPacker(inline ? head : 0)
  return items.map(({ channel }) => packer.place(referenceBytes(channel)) * (inline ? 1 : -1))
}

/** A shared body repeated in every doorbell has to leave room for many channels. */
const MAX_SHARED_BYTES = 2_000
