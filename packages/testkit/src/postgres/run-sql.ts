// One statement over a connection of its own.
import pg from 'pg'

type Row = Record<string, unknown>

/** Connects, runs one statement, disconnects; answers the rows. */
export function runSql<T extends object = Row>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<T[]> {
  return withClient(url, async (client) => {
    // Without values the simple protocol is used, as `create database` wants it.
    const { rows } = await (values.length > 0
      ? client.query(text, [...values])
      : client.query(text))
    return rows
  })
}

export async function withClient<T>(
  url: string,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 30_000 })
  // The server may go while the connection idles; the next query reports it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
