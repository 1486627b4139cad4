// How large the schema of a layer is, looked at again and again while something runs.

import pg from 'pg'

export interface SizeSample {
  readonly messages: number
  /** Bytes of tables, indexes and TOAST in the schema `chan`. */
  readonly schema: number
  readonly database: number
}

const SIZES = `
select (select sum(pg_total_relation_size(oid)) from pg_class
    where relnamespace = 'chan'::regnamespace and relkind in ('r', 'm', 'S'))::float8 as schema,
  pg_database_size(current_database())::float8 as database`

const EVERY_MS = 500

/** Samples until `task` ends; `progress` tells how many messages there were so far. */
export async function sampleSizes(
  databaseUrl: string,
  progress: () => Promise<number>,
  task: () => Promise<unknown>,
): Promise<SizeSample[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  client.on('error', () => {})
  await client.connect()
  const samples: SizeSample[] = []
  const look = async () => {
    const messages = await progress()
    // A table that is being emptied makes this wait for a moment, and nobody else.
    const { rows } = await client.query<{ schema: number; database: number }>(SIZES)
    samples.push({ messages, schema: rows[0]?.schema ?? 0, database: rows[0]?.database ?? 0 })
  }
  let over = false
  const looking = (async () => {
    while (!over) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    }
    await look()
  })()
  try {
    await task()
  } finally {
    over = true
    await looking.finally(() => client.end())
  }
  return samples
}
