// What is installed in a schema, as `meta` tells it, and whether this program understands it.

import { ChanError } from '@chan/core/backend'
import { type Durability, SCHEMA_VERSION } from './sql.js'

export interface Installed {
  readonly version: number
  /** Programs older than this do not understand the schema. */
  readonly min_compatible: number
  readonly durability: Durability
}

/** @throws {ChanError} `schema-newer` */
export function assertUnderstood({ version, min_compatible }: Installed, schema: string): void {
  if (min_compatible <= SCHEMA_VERSION) return
  throw new ChanError(
    'schema-newer',
    `The schema '${schema}' is at version ${version} and needs programs of version ` +
      `${min_compatible}; this one is of version ${SCHEMA_VERSION}.`,
    'Update @chan/postgres in this program.',
  )
}
