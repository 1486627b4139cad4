// Messages over Socket.IO's PostgreSQL adapter. `serverSideEmit` is its shortest way from process to
// process: one statement with one NOTIFY, as for an emit to a room, but no packet is encoded and no
// sockets are looked up at either end. The pool is pg's default of ten connections.

import { waitFor } from '@chan/testkit'
import { createAdapter } from '@socket.io/postgres-adapter'
import pg from 'pg'
import { Server } from 'socket.io'
import type { NumberedMessage } from '../../measure/numbered-message.js'
import { channelName, type WorkerSetup } from './setup.js'
import type { Wire } from './wire.js'

/** The adapter keeps the outcome of its queries to itself; we need it to bound what is unresolved. */
class WatchedPool extends pg.Pool {
  latest: Promise<unknown> = Promise.resolve()

  // biome-ignore lint/suspicious/noExplicitAny: passed on as it is
  override query(...args: any[]): any {
    const result = super.query(...(args as [string]))
    this.latest = result
    return result
  }
}

/** As the adapter's README has it, for messages above its threshold of 8,000 bytes. */
const ATTACHMENTS = `
create table if not exists socket_io_attachments (
  id bigserial unique,
  created_at timestamptz default now(),
  payload bytea
)`

/** The adapter does not say when it hears. */
const LISTENING = `
select from pg_stat_activity
where application_name = $1 and state = 'idle' and query like 'LISTEN%'`

export async function openSocketIoWire(setup: WorkerSetup): Promise<Wire> {
  const errors: string[] = []
  const name = `socket.io ${process.pid}`
  const pool = new WatchedPool({ connectionString: setup.databaseUrl, application_name: name })
  pool.on('error', (error) => errors.push(String(error)))
  await pool.query(ATTACHMENTS)
  const io = new Server()
  io.adapter(createAdapter(pool, { errorHandler: (error) => errors.push(String(error)) }))
  await waitFor(async () => (await pool.query(LISTENING, [name])).rowCount, {
    label: 'the adapter to listen',
  })
  const names = Array.from({ length: setup.channels }, (_, index) => channelName(index))
  return {
    publish: (index, message) => {
      io.serverSideEmit(names[index] as string, message)
      return pool.latest
    },
    subscribe: async (hear) => {
      names.forEach((name, index) => {
        io.on(name, (message: NumberedMessage) => hear(index, message))
      })
    },
    stats: () => ({ errors }),
    close: () => io.close(),
  }
}
