// A process that migrates over five sessions at once, when told to.
import { serveWorker } from '@chan/testkit/worker'
import { SessionConfig } from '../../src/connection/config.js'
import { Session } from '../../src/connection/session.js'
import { migrate } from '../../src/schema/migrate.js'

const [url = ''] = process.argv.slice(2)

serveWorker(async () => {
  const config = new SessionConfig(url)
  const sessions = await Promise.all(
    Array.from({ length: 5 }, () => Session.open(config, { deadlineMs: 10_000 })),
  )
  return {
    async migrate() {
      const options = { schema: 'chan', durability: 'durable', migrate: true } as const
      await Promise.all(sessions.map((session) => migrate(session, options)))
      await Promise.all(sessions.map((session) => session.close()))
    },
  }
})
