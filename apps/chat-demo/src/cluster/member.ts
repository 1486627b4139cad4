// One server of the cluster, in a process of its own: `member.ts <port> <host>`, with the database in
// DATABASE_URL. It ends with the program that started it, however that ends.

import { type Demo, startDemo } from '../server.js'
import { startFailure } from '../start-failure.js'
import { CLUSTER_COMMAND } from './cli.js'
import type { FromMember, ToMember } from './member-messages.js'

const [port, host = ''] = process.argv.slice(2)
const options = { port: Number(port), host, databaseUrl: process.env.DATABASE_URL ?? '' }

process.on('disconnect', () => process.exit(1))
if (!process.connected) process.exit(1)

try {
  const demo = await startDemo(options)
  process.on('message', (message: ToMember) => message === 'stop' && stop(demo))
  // For whoever wants to end this one alone; the terminal's Ctrl-C is for the program.
  process.on('SIGTERM', () => stop(demo))
  tell({ url: demo.url })
} catch (error) {
  tell({ failure: startFailure(error, options, CLUSTER_COMMAND) }, () => process.exit(1))
}

function stop(demo: Demo): void {
  demo.close().then(
    () => process.exit(0),
    (error) => {
      console.error(error)
      process.exit(1)
    },
  )
}

function tell(message: FromMember, told = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, told)
}
