// The program: a database and two servers on this machine, until Ctrl-C.

import { postgresSkipReason } from '@chan/testkit'
import { type ClusterPlace, greeting, readClusterArguments, usage } from './cli.js'
import { Cluster } from './cluster.js'

const request = readClusterArguments(process.argv.slice(2))
switch (request.kind) {
  case 'help':
    console.log(usage)
    break
  case 'mistake':
    console.error(`${request.message}\n\n${usage}`)
    process.exitCode = 2
    break
  case 'start':
    await run(request.options)
}

async function run({ ports, host }: ClusterPlace): Promise<void> {
  const missing = postgresSkipReason()
  if (missing) return fail(`${missing}.\n${withoutPostgres}`)
  let stopping = false
  const cluster = new Cluster({
    ports,
    host,
    print: (line) => console.log(line),
    failed: (reason) => {
      stopping = true
      fail(`${reason} Stopping.`)
      end(cluster.kill())
    },
  })
  stopOnSignal(cluster, () => {
    stopping = true
  })
  console.log('Starting PostgreSQL and two servers…')
  try {
    console.log(greeting(await cluster.start(), host))
  } catch (error) {
    // Whoever stops it while it starts knows why it did not.
    if (stopping) return
    fail(error instanceof Error ? error.message : String(error))
    end(cluster.kill())
  }
}

/** The first signal stops in order, the second at once, a third leaves it to the processes. */
function stopOnSignal(cluster: Cluster, begin: () => void): void {
  let signals = 0
  const stop = () => {
    signals += 1
    begin()
    if (signals === 1) {
      console.log('\nStopping… (Ctrl-C again to stop at once)')
      end(cluster.close())
    } else if (signals === 2) {
      process.exitCode = 130
      end(cluster.kill())
    } else process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  // A terminal that was closed takes no more lines; stopping goes on without them.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
}

function end(ending: Promise<void>): void {
  ending
    .catch((error) => fail(String(error)))
    // Nothing is left that could still matter.
    .finally(() => process.exit())
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}

const withoutPostgres =
  'Use a server of yours: npm run demo -- --layer postgres, twice, with two ports and DATABASE_URL set.'
