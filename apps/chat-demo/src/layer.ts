// Where channels live: in this process, or in a PostgreSQL that any number of servers share. Nothing
// else of the demo knows which.

import type { ChannelLayer } from '@chan/core'
import { InMemoryChannelLayer } from '@chan/memory'
import { PgChannelLayer } from '@chan/postgres'

/**
 * A layer that is connected: a wrong address shows at the start, not at the first visit.
 * @throws {ChanError} the database cannot be used; message and hint say why and what to do
 */
export async function connectLayer(databaseUrl: string | undefined): Promise<ChannelLayer> {
  if (databaseUrl === undefined) return new InMemoryChannelLayer()
  const layer = new PgChannelLayer({ databaseUrl })
  logOutages(layer)
  try {
    await layer.connect()
    return layer
  } catch (error) {
    await layer.disconnect()
    throw error
  }
}

/** A line when the database is lost, one when it is back. The layer heals by itself. */
function logOutages(layer: ChannelLayer): void {
  let lost = false
  layer.onStatus(({ state, error }) => {
    if (state === 'reconnecting') {
      lost = true
      const why = error instanceof Error ? ` (${error.message})` : ''
      console.error(`${time()} The connection to the database is lost${why}. Trying again…`)
    } else if (state === 'connected' && lost) {
      lost = false
      console.error(`${time()} The connection to the database is back.`)
    }
  })
}

function time(): string {
  return new Date().toTimeString().slice(0, 8)
}
