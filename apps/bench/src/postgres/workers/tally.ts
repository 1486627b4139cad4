// Counts what arrives from transactions, through a layer and by plain LISTEN.

import { PgChannelLayer } from '@chan/postgres'
import { serveWorker } from '@chan/testkit/worker'
import pg from 'pg'
import { nowMicros } from '../../measure/clock.js'
import type { NumberedMessage } from '../../measure/numbered-message.js'
import { type Quantiles, quantilesOf } from '../../measure/numbers.js'
import { channelName, readSetup } from './setup.js'

export interface Tally {
  readonly messages: number
  readonly duplicates: number
  readonly endedAt: number
  /** From the publish inside the transaction to the callback, in milliseconds. */
  readonly latency: Quantiles
}

const SILENCE_MS = 10_000

serveWorker(async () => {
  const { databaseUrl, layer: options, channels } = readSetup()
  const seen = new Set<number>()
  let duplicates = 0
  let ages: number[] = []
  let endedAt = nowMicros()

  const take = ({ n, t }: NumberedMessage) => {
    endedAt = nowMicros()
    if (seen.has(n)) duplicates++
    seen.add(n)
    ages.push((endedAt - t) / 1000)
  }

  const layer = new PgChannelLayer({ databaseUrl, ...options })
  await layer.connect()
  const names = Array.from({ length: channels }, (_, index) => channelName(index))
  await Promise.all(
    names.map((name) => layer.channel<NumberedMessage>(name).subscribe(({ data }) => take(data))),
  )
  const listener = new pg.Client({ connectionString: databaseUrl })
  await listener.connect()
  listener.on('notification', ({ payload = '' }) => take(JSON.parse(payload).data))
  await listener.query('listen bench_by_hand')

  return {
    cpu: () => process.cpuUsage(),
    count: () => ages.length,
    /** Resolves when so many came since the last call, or no more do. */
    collect: async (messages: number): Promise<Tally> => {
      const waitingSince = nowMicros()
      while (ages.length < messages) {
        if (nowMicros() - Math.max(endedAt, waitingSince) > SILENCE_MS * 1000) break
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      const tally = { messages: ages.length, duplicates, endedAt, latency: quantilesOf(ages) }
      seen.clear()
      ages = []
      duplicates = 0
      return tally
    },
  }
})
