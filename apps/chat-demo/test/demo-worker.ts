// A server in a process of its own, for a test that kills it. The database is in DATABASE_URL.

import { serveWorker } from '@chan/testkit/worker'
import { startDemo } from '../src/server.js'

serveWorker(async () => {
  const databaseUrl = process.env.DATABASE_URL ?? ''
  const demo = await startDemo({ port: 0, host: '127.0.0.1', databaseUrl })
  return { url: () => demo.url }
})
