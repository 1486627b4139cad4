import { describe, expect, it } from 'vitest'
import { parseCommand, usage } from '../src/cli.js'
import { postgres } from '../src/postgres/suite.js'

const suites = [postgres]

describe('command line', () => {
  it('runs every suite, quickly, when nothing is said', () => {
    expect(parseCommand([], suites)).toEqual({
      suites,
      names: [],
      full: false,
      json: undefined,
      databaseUrl: undefined,
      profileFolder: '',
      help: false,
    })
  })

  it('takes names and options in any order', () => {
    const args = ['postgres', '--full', 'lone', '--json', 'out.json', 'idle']
    const command = parseCommand(args, suites)
    expect(command).toMatchObject({ names: ['lone', 'idle'], full: true, json: 'out.json' })
  })

  it('refuses what it does not know and says what there is', () => {
    expect(() => parseCommand(['mysql'], suites)).toThrow(/no suite 'mysql'[\s\S]*postgres/)
    expect(() => parseCommand(['postgres', 'fast'], suites)).toThrow(
      /no benchmark 'fast'[\s\S]*peer/,
    )
    expect(() => parseCommand(['--fast'], suites)).toThrow(/--fast[\s\S]*--full/)
  })

  it('names every benchmark in its usage', () => {
    for (const { name } of postgres.benches) expect(usage(suites)).toContain(`  ${name} `)
  })
})
