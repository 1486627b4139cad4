// Starts a real PostgreSQL on a free port of this machine, from the binaries in npm's packages.
import type { PostgresVersion } from './binaries.js'
import { createDataFolder, initialize } from './data-folder.js'
import { findFreePort } from './free-port.js'
import { PostgresServer } from './server.js'
import { type Settings, settingsFor } from './settings.js'

export interface PostgresOptions {
  /** Write to disk as a server does by default. False: fast, for tests without crashes. */
  readonly sync?: boolean
  /** Default 18. See `postgresSkipReason(version)`. */
  readonly version?: PostgresVersion
  /** Settings of the server, `{ log_statement: 'all' }`; they win over ours. */
  readonly settings?: Settings
  /** Where the data shall be; kept by `close()`, used as they are if it holds some. Default: temporary. */
  readonly dataDir?: string
}

/**
 * Starts a server with the superuser `postgres`, without a password, for 127.0.0.1 alone. `close()`
 * removes it; should this process die first, even by SIGKILL, a guard does.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { sync = false, version = 18, settings = {}, dataDir } = options
  const folder = await createDataFolder(version, dataDir)
  try {
    await initialize(folder)
    return await startOnFreePort((port) => {
      return new PostgresServer(version, port, settingsFor(sync, settings), folder)
    })
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** A port that was free when we looked may be taken when the server binds it. */
export async function startOnFreePort(
  create: (port: number) => PostgresServer,
): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const server = create(await findFreePort())
    try {
      await server.start()
      return server
    } catch (error) {
      if (attempt === 5 || !/could not bind|could not create any/.test(String(error))) throw error
    }
  }
}
