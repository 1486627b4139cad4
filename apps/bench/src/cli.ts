// The command line: what is to be run, and how it is said.
import { parseArgs } from 'node:util'
import type { Suite } from './bench.js'

export interface Command {
  readonly suites: readonly Suite[]
  readonly names: readonly string[]
  readonly full: boolean
  readonly json: string | undefined
  readonly databaseUrl: string | undefined
  readonly profileFolder: string
  readonly help: boolean
}

const OPTIONS = {
  full: { type: 'boolean', default: false },
  json: { type: 'string' },
  'database-url': { type: 'string' },
  profile: { type: 'string', default: '' },
  help: { type: 'boolean', default: false },
} as const

/** @throws {Error} for what it does not know, with the usage */
export function parseCommand(args: readonly string[], suites: readonly Suite[]): Command {
  const { values, positionals } = parse(args, suites)
  const [first, ...names] = positionals
  const chosen = first === undefined ? suites : suites.filter(({ name }) => name === first)
  if (chosen.length === 0) throw new Error(`There is no suite '${first}'.\n\n${usage(suites)}`)
  const known = new Set(chosen.flatMap(({ benches }) => benches.map(({ name }) => name)))
  const unknown = names.find((name) => !known.has(name))
  if (unknown) throw new Error(`There is no benchmark '${unknown}'.\n\n${usage(suites)}`)
  return {
    suites: chosen,
    names,
    full: values.full,
    json: values.json,
    databaseUrl: values['database-url'],
    profileFolder: values.profile,
    help: values.help,
  }
}

export function usage(suites: readonly Suite[]): string {
  const lists = suites.flatMap(({ name, title, benches }) => [
    `${name}: ${title}`,
    ...benches.map((one) => `  ${one.name.padEnd(14)}${one.title}${one.long ? ' (long)' : ''}`),
    '',
  ])
  return `npm run bench -- [suite] [benchmark …] [options]

${lists.join('\n')}
  --full                the real sizes; without it each takes about a minute or less
  --json <file>         writes the report
  --database-url <url>  a server of yours, as a role that may create databases
  --profile <folder>    writes CPU profiles of the processes and tells their hottest functions
`
}

function parse(args: readonly string[], suites: readonly Suite[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${usage(suites)}`)
  }
}
