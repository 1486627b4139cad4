// Who is connected to a database, as the server sees it; and ending some of them.
import { runSql, waitFor } from '@chan/testkit'
import { PATIENCE_MS } from './form.js'

/** How many connections each part of a layer has, over all processes. */
export async function connections(url: string): Promise<Readonly<Record<string, number>>> {
  const rows = await runSql<{ name: string; count: number }>(
    url,
    `select application_name as name, count(*)::int from pg_stat_activity
      where datname = current_database() and application_name like 'chan %' group by 1`,
  )
  return Object.fromEntries(rows.map(({ name, count }) => [name.slice('chan '.length), count]))
}

/** Ends the server's side of all these connections. → how many. */
export async function terminate(url: string, part: 'listener' | 'publisher' | 'reader') {
  const rows = await runSql(
    url,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = $1`,
    [`chan ${part}`],
  )
  return rows.length
}

/** Reading connections of one layer: those of its callers, and those of its chores. */
const READERS = 5

/** Nobody leaked a connection, and nobody is without one. */
export async function waitForUsualConnections(url: string, layers: number): Promise<void> {
  await waitFor(
    async () => {
      const found = await connections(url)
      const { publisher, listener, reader = 0 } = found
      const isUsual = publisher === layers && listener === layers && reader <= READERS * layers
      if (!isUsual) throw new Error(`connections: ${JSON.stringify(found)}`)
      return true
    },
    { deadlineMs: PATIENCE_MS, intervalMs: 100, label: `the connections of ${layers} layers` },
  )
}
