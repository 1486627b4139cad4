// What the benchmarks send: numbered messages of an exact size, and the check that every one of them
// arrives once and in order.

import { nowMicros } from './clock.js'

export interface NumberedMessage {
  /** Which publisher, from 0. */
  readonly p: number
  /** Counts a publisher's messages, from FIRST; message n goes to channel n % channels. */
  readonly n: number
  /** When it was due, by `nowMicros`. */
  readonly t: number
  readonly pad: string
}

/** Numbers keep their seven digits, and messages their size, for nine million messages. */
export const FIRST = 1_000_000

/**
 * → the padding that makes a message's JSON text `size` bytes long: random words, the same in every
 * run, which compress about as well as what people send.
 */
export function paddingFor(size: number, publisher: number): string {
  const bare = JSON.stringify({ p: publisher, n: FIRST, t: nowMicros(), pad: '' }).length
  let text = ''
  for (let random = 1; text.length < size; random = (random * 48_271) % 2_147_483_647) {
    text += `${WORDS[random % WORDS.length]}${random % 97} `
  }
  return text.slice(0, Math.max(0, size - bare))
}

const WORDS =
  'alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu'.split(
    ' ',
  )

/** Expects each publisher's messages on each channel in the order of their numbers. */
export class OrderCheck {
  /** Not the next one of its publisher on its channel: a duplicate, overtaken, or after a hole. */
  outOfOrder = 0
  readonly #channels: number
  readonly #last: Float64Array

  constructor(publishers: number, channels: number) {
    this.#channels = channels
    this.#last = new Float64Array(publishers * channels)
    for (let channel = 0; channel < channels; channel++) {
      // What would have come before the first one of this channel.
      const before = FIRST - channels + ((channel - (FIRST % channels) + channels) % channels)
      for (let p = 0; p < publishers; p++) this.#last[p * channels + channel] = before
    }
  }

  take({ p, n }: NumberedMessage, channel: number): void {
    const place = p * this.#channels + channel
    if (n !== (this.#last[place] as number) + this.#channels) this.outOfOrder++
    this.#last[place] = n
  }
}
