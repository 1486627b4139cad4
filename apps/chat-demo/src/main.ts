// The program: reads the command line, starts the demo, and stops it on Ctrl-C.

import { greeting, readArguments, usage } from './cli.js'
import { type Demo, type DemoOptions, startDemo } from './server.js'
import { startFailure } from './start-failure.js'

const request = readArguments(process.argv.slice(2))
switch (request.kind) {
  case 'help':
    console.log(usage)
    break
  case 'mistake':
    console.error(`${request.message}\n\n${usage}`)
    process.exitCode = 2
    break
  case 'start':
    await start(request.options)
}

async function start(options: DemoOptions): Promise<void> {
  try {
    const demo = await startDemo(options)
    stopOnSignal(demo)
    console.log(greeting(demo, options))
  } catch (error) {
    console.error(startFailure(error, options))
    process.exitCode = 1
  }
}

/** The first signal stops in order, the second at once. */
function stopOnSignal(demo: Demo): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(130)
    stopping = true
    console.log('\nStopping… (Ctrl-C again to stop at once)')
    demo.close().catch((error) => {
      console.error(error)
      process.exit(1)
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
