// The program: runs the chosen benchmarks, says what they found, writes it down.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SuiteReport } from './bench.js'
import { type Command, parseCommand, usage } from './cli.js'
import { memory } from './memory/suite.js'
import { postgres } from './postgres/suite.js'
import { machineFacts } from './report/machine.js'
import { describeBench, describeFacts, describeTargets } from './report/text.js'
import { sockets } from './sockets/suite.js'

const SUITES = [memory, sockets, postgres]

/** Where the user typed the command; scripts run in the package's folder. */
const home = process.env.INIT_CWD ?? process.cwd()

try {
  const command = parseCommand(process.argv.slice(2), SUITES)
  if (command.help) console.log(usage(SUITES))
  else await run(command)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function run({ suites, names, full, json, databaseUrl, profileFolder }: Command) {
  const startedAt = new Date().toISOString()
  const machine = machineFacts()
  console.log(describeFacts({ ...machine, sizes: full ? 'full' : 'quick' }))
  const reports: SuiteReport[] = []
  for (const suite of suites) {
    const choice = {
      names,
      full,
      databaseUrl,
      profileFolder: profileFolder && resolve(home, profileFolder),
      // Beside the report, which may go to a file.
      tell: (text: string) => console.error(`  … ${text}`),
    }
    const report = await suite.run(choice, {
      opened: (facts) => console.log(describeFacts(facts)),
      done: (bench) => console.log(describeBench(bench)),
    })
    reports.push(report)
    console.log(`\n${describeTargets(report)}`)
  }
  if (json) {
    const text = JSON.stringify({ startedAt, full, machine, suites: reports }, null, 2)
    writeFileSync(resolve(home, json), `${text}\n`)
  }
  // A missed target is a finding; messages astray, or no finding at all, are a failure.
  if (reports.some(({ benches }) => benches.some(({ failed }) => failed))) process.exitCode = 1
}
