// A relay that remembers what it has seen, as a process does, and runs when a test says so.
import type { Scene } from '../housekeeping/scene.js'

export interface Relayed {
  readonly taken: number | null
  readonly more: boolean
  readonly known: string
  readonly waiting: string
  readonly failed: string | null
}

export interface RelayOptions {
  readonly limit?: number
  readonly bytes?: number
  readonly waiting?: string
  readonly aside?: boolean
}

/** @param query what runs its statements */
export function remembering({ one }: Scene, query: Scene['query']) {
  let known: string | null = null
  return {
    async run(options: RelayOptions = {}): Promise<Relayed> {
      const { limit = 500, bytes = 1_000_000, waiting = '{}', aside = false } = options
      const [row] = await query<Relayed>('select * from chan.relay($1, $2, 100, $3, $4, $5)', [
        limit,
        bytes,
        known,
        waiting,
        aside,
      ])
      known = (row as Relayed).known
      return row as Relayed
    },
    /** Above which id the next run looks. */
    async from() {
      const { id } = await one<{ id: string }>(
        'select chan.relay_from($1, pg_current_snapshot()) as id',
        [known],
      )
      return Number(id)
    },
  }
}
