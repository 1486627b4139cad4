// A program with transactions of its own: each inserts a row, and most publish as well.

import { PgChannelLayer } from '@chan/postgres'
import { serveWorker } from '@chan/testkit/worker'
import pg from 'pg'
import { nowMicros } from '../../measure/clock.js'
import { FIRST, type NumberedMessage, paddingFor } from '../../measure/numbered-message.js'
import { type Quantiles, quantilesOf } from '../../measure/numbers.js'
import { channelName, readSetup } from './setup.js'

/** With nothing, with `publish(data, { tx })`, with `chan.publish`, with what one would write oneself. */
export type Mode = 'plain' | 'tx' | 'sql' | 'by hand'

export interface Committed {
  readonly commits: number
  readonly perSecond: number
  /** From begin to the answer of commit, in milliseconds. */
  readonly latency: Quantiles
  readonly endedAt: number
}

/** What PostgreSQL's users do without us: a counter for the order, NOTIFY for the delivery. */
const BY_HAND = `
with place as (update bench_counter set n = n + 1 where channel = $1 returning n)
select pg_notify('bench_by_hand', json_build_object('n', n, 'data', $2::json)::text) from place`

serveWorker(async () => {
  const setup = readSetup()
  const layer = new PgChannelLayer({ databaseUrl: setup.databaseUrl, ...setup.layer })
  await layer.connect()
  const pad = paddingFor(setup.size, setup.publisher)
  const clients = await Promise.all(
    Array.from({ length: setup.publishers }, async () => {
      const client = new pg.Client({ connectionString: setup.databaseUrl })
      await client.connect()
      return client
    }),
  )
  let next = FIRST

  const publish = (mode: Mode, client: pg.Client): unknown => {
    if (mode === 'plain') return
    const n = next++
    const data: NumberedMessage = { p: 0, n, t: nowMicros(), pad }
    const name = channelName(n % setup.channels)
    if (mode === 'tx') return layer.channel(name).publish(data, { tx: client })
    const text = JSON.stringify(data)
    if (mode === 'sql') return client.query('select chan.publish($1, $2, $3)', [name, text, null])
    return client.query(BY_HAND, [name, text])
  }

  return {
    cpu: () => process.cpuUsage(),

    run: async (mode: Mode, seconds: number): Promise<Committed> => {
      const beganAt = nowMicros()
      const until = beganAt + seconds * 1e6
      const took: number[] = []
      await Promise.all(
        clients.map(async (client) => {
          for (let at = nowMicros(); at < until; at = nowMicros()) {
            await client.query('begin')
            await client.query('insert into bench_row (text) values ($1)', [pad])
            await publish(mode, client)
            await client.query('commit')
            took.push((nowMicros() - at) / 1000)
          }
        }),
      )
      const endedAt = nowMicros()
      const perSecond = (took.length / (endedAt - beganAt)) * 1e6
      return { commits: took.length, perSecond, endedAt, latency: quantilesOf(took) }
    },
  }
})
