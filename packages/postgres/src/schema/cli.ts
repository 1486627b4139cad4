// The command `chan-postgres`: prints SQL for administrators. It connects to nothing.

import { parseArgs } from 'node:util'
import { isChanError } from '@chan/core/backend'
import { publishGrants } from './grants.js'
import { DEFAULT_SCHEMA } from './name.js'
import { type Durability, migrationSql } from './sql.js'

/** Where the command writes to. */
export interface CliOutput {
  out(text: string): void
  err(text: string): void
}

const USAGE = `Prints SQL for an administrator of the database. Nothing is connected to or changed.

  chan-postgres sql [--schema <name>] [--durability durable|unlogged] [--role <role>]
      Installs or updates the schema; running it again is harmless. --role gives that role what
      a layer needs which connects with \`migrate: false\`.

  chan-postgres grant-publish --role <role> [--schema <name>]
      Gives the role the right to publish by the SQL function publish(), and no other.

  The schema is '${DEFAULT_SCHEMA}' by default. For example:
      npx chan-postgres sql --role app | psql "$ADMIN_DATABASE_URL"
`

/** Runs the command. Answers the exit code: 0, or 2 where the arguments are wrong. */
export function runCli(args: readonly string[], { out, err }: CliOutput): number {
  try {
    out(answer(args))
    return 0
  } catch (error) {
    if (!isChanError(error) && !isArgumentError(error)) throw error
    const hint = isChanError(error) ? ` ${error.hint}` : ''
    err(`chan-postgres: ${(error as Error).message}${hint}\n\n${USAGE}`)
    return 2
  }
}

function answer(args: readonly string[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      schema: { type: 'string', default: DEFAULT_SCHEMA },
      durability: { type: 'string' },
      role: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return USAGE
  const [command, extra] = positionals
  if (extra !== undefined) throw wrongArguments(`'${extra}' is one word too many.`)
  const { schema, durability, role } = values
  if (command === 'sql') {
    return migrationSql({
      schema,
      ...(durability === undefined ? {} : { durability: asDurability(durability) }),
      ...(role === undefined ? {} : { role }),
    })
  }
  if (command === 'grant-publish') {
    if (durability !== undefined) throw wrongArguments('grant-publish has no --durability.')
    if (role === undefined) throw wrongArguments('grant-publish needs a --role.')
    return publishGrants(schema, role)
  }
  throw wrongArguments(command ? `There is no command '${command}'.` : 'Which command?')
}

function asDurability(text: string): Durability {
  if (text === 'durable' || text === 'unlogged') return text
  throw wrongArguments(`--durability is durable or unlogged, not '${text}'.`)
}

function wrongArguments(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS' })
}

function isArgumentError(error: unknown): boolean {
  return /^ERR_PARSE_ARGS/.test((error as { code?: string }).code ?? '')
}
