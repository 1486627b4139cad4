import { expect, it } from 'vitest'
import { runCli } from '../../src/schema/cli.js'
import { migrationSql } from '../../src/schema/sql.js'

function run(...args: string[]) {
  const output = { out: '', err: '' }
  const code = runCli(args, {
    out: (text) => {
      output.out += text
    },
    err: (text) => {
      output.err += text
    },
  })
  return { code, ...output }
}

it('prints what installs the schema', () => {
  expect(run('sql')).toEqual({ code: 0, out: migrationSql(), err: '' })
  const options = { schema: 'mine', durability: 'unlogged', role: 'app "x"' } as const
  const args = ['sql', '--schema', 'mine', '--durability', 'unlogged', '--role', 'app "x"']
  expect(run(...args)).toEqual({ code: 0, out: migrationSql(options), err: '' })
  expect(migrationSql(options)).toContain('to "app ""x"""')
})

it('prints what a publishing role needs', () => {
  const { code, out } = run('grant-publish', '--role', 'app')
  expect(code).toBe(0)
  expect(out).toContain('grant usage on schema "chan" to "app";')
  expect(out).toContain('grant execute on function "chan".publish to "app";')
})

it('explains itself', () => {
  expect(run('--help')).toMatchObject({ code: 0, err: '' })
  expect(run('-h').out).toContain('chan-postgres sql')
})

it('refuses what it does not understand, with the reason and the usage', () => {
  const wrong: [args: string[], reason: RegExp][] = [
    [[], /Which command/],
    [['instal'], /no command 'instal'/],
    [['sql', 'now'], /'now' is one word too many/],
    [['sql', '--rolle', 'app'], /rolle/],
    [['sql', '--schema'], /schema/],
    [['sql', '--schema', 'public'], /schema "public" cannot/],
    [['sql', '--durability', 'eternal'], /'eternal'/],
    [['sql', '--role', ''], /cannot be the name of a role/],
    [['grant-publish'], /needs a --role/],
    [['grant-publish', '--role', 'app', '--durability', 'durable'], /no --durability/],
  ]
  for (const [args, reason] of wrong) {
    const { code, out, err } = run(...args)
    expect({ code, out }, args.join(' ')).toEqual({ code: 2, out: '' })
    expect(err).toMatch(reason)
    expect(err).toContain('chan-postgres grant-publish')
  }
})
