// Compares what publishers were told with what subscribers heard. The one place that knows the
// promises of DESIGN.md as rules about records.
import type { Position } from '../../../src/index.js'
import type { Heard } from './ears.js'
import type { Attempt } from './load.js'

/** What one member heard, by channel. */
export interface Hearing {
  readonly member: string
  readonly heard: ReadonlyMap<string, readonly Heard[]>
}

/** Codes of a publish that was not stored and may be tried again. */
const NOT_STORED = ['unavailable', 'limit-reached']
const MAY_BE_STORED = 'outcome-unknown'

/**
 * Everything that is not as promised, in words; empty is good. Everybody subscribed before the first
 * publish, and has caught up since the last.
 * @param mayReset the fault may end epochs: then what was stored in one may be lost, with notice
 */
export function judge(
  attempts: readonly Attempt[],
  hearings: readonly Hearing[],
  mayReset = false,
): string[] {
  const complaints: string[] = []
  const published = new Map(attempts.map((attempt) => [keyOf(attempt), attempt]))
  const places = new Map<string, string>()
  for (const attempt of attempts) complaints.push(...judgeCodes(attempt))
  complaints.push(...judgeCallOrder(attempts))
  for (const { member, heard } of hearings) {
    for (const [channel, events] of heard) {
      const complain = (text: string) =>
        complaints.push(`${member}, ${channel.slice(0, 20)}: ${text}`)
      followOffsets(events, mayReset, complain)
      for (const event of events) {
        if ('reset' in event) continue
        const place = `${channel} ${event.epoch} ${event.offset}`
        const key = keyOf({ ...event, channel })
        const other = places.get(place) ?? key
        if (other !== key) complain(`${event.offset} is ${key} here and ${other} elsewhere`)
        places.set(place, key)
        judgeDelivery(event, published.get(key), complain)
      }
      const own = attempts.filter((attempt) => attempt.channel === channel)
      judgeLosses(own, events, complain)
    }
  }
  return complaints
}

type Complain = (text: string) => void
type Delivery = Extract<Heard, { readonly offset: number }>

function keyOf({ publisher, seq, channel }: Pick<Attempt, 'publisher' | 'seq' | 'channel'>) {
  return `${publisher} ${seq} in ${channel}`
}

/** Offsets grow by one, in one epoch, except after a reset. Nothing comes twice in an epoch. */
function followOffsets(events: readonly Heard[], mayReset: boolean, complain: Complain): void {
  let position: Position = { epoch: '', offset: 0 }
  const seen = new Set<string>()
  for (const event of events) {
    if ('reset' in event) {
      if (!mayReset) complain(`a reset at ${position.offset}, missed ${event.missed}`)
      if (event.reset.epoch === position.epoch) complain(`a reset within the epoch`)
      position = event.reset
      continue
    }
    const { epoch, offset, publisher, seq } = event
    const isSame = position.epoch === epoch || (position.epoch === '' && position.offset === 0)
    if (!isSame) complain(`another epoch without a reset at ${offset}`)
    if (offset !== position.offset + 1) complain(`${offset} came after ${position.offset}`)
    const key = `${publisher} ${seq} ${epoch}`
    if (seen.has(key)) complain(`${publisher} ${seq} was stored twice`)
    seen.add(key)
    position = { epoch, offset }
  }
}

/** What was delivered was published, and nobody was told otherwise. */
function judgeDelivery(event: Delivery, attempt: Attempt | undefined, complain: Complain): void {
  const name = `${event.publisher} ${event.seq}`
  if (!attempt) return complain(`${name} was never published there`)
  const { stored, codes } = attempt
  if (stored) {
    // A retry may be stored again where an epoch ended, so the place says something in one alone.
    const elsewhere = stored.epoch === event.epoch && stored.offset !== event.offset
    if (elsewhere) complain(`${name} was stored at ${stored.offset}, delivered at ${event.offset}`)
  } else if (!codes.includes(MAY_BE_STORED)) {
    complain(`${name} was rejected with ${codes}, and delivered`)
  }
}

/** What was stored was delivered, unless a reset said that something is missing. */
function judgeLosses(
  attempts: readonly Attempt[],
  events: readonly Heard[],
  complain: Complain,
): void {
  const heard = new Set(
    events.map((event) => ('reset' in event ? '' : `${event.epoch} ${event.offset}`)),
  )
  const resets = events.flatMap((event) => ('reset' in event ? [event.reset] : []))
  const last = resets.at(-1)
  for (const { publisher, seq, stored } of attempts) {
    if (!stored || heard.has(`${stored.epoch} ${stored.offset}`)) continue
    const wasSkipped = last && (stored.epoch !== last.epoch || stored.offset <= last.offset)
    if (!wasSkipped) complain(`${publisher} ${seq}, stored at ${stored.offset}, is lost`)
  }
}

function judgeCodes({ publisher, seq, codes }: Attempt): string[] {
  const isHonest = codes.every((code) => code === MAY_BE_STORED || NOT_STORED.includes(code))
  return isHonest ? [] : [`${publisher} ${seq} was rejected with ${codes}`]
}

/** A process's publishes to a channel keep their order; what is tried again takes a later place. */
function judgeCallOrder(attempts: readonly Attempt[]): string[] {
  const last = new Map<string, Position>()
  return attempts.flatMap(({ publisher, seq, channel, codes, stored }) => {
    if (!stored || codes.length > 0 || seq < 0) return []
    const before = last.get(`${publisher} ${channel}`)
    last.set(`${publisher} ${channel}`, stored)
    const isBehind = before?.epoch === stored.epoch && before.offset >= stored.offset
    return isBehind ? [`${publisher} ${seq} overtook an earlier publish`] : []
  })
}
