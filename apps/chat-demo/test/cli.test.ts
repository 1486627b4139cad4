// The program as a person starts it, in a process of its own, and the reading of its arguments.

import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type PostgresServer,
  postgresSkipReason,
  runSql,
  startPostgres,
  waitFor,
} from '@chan/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readArguments } from '../src/cli.js'
import { readClusterArguments } from '../src/cluster/cli.js'
import { startFailure } from '../src/start-failure.js'
import { runDemo, serving } from './programs.js'
import { openSocket } from './socket-client.js'

const started = (...args: string[]) => serving(runDemo('--port', '0', ...args))

describe('a running program', { timeout: 30_000 }, () => {
  test('shows the pages, and stops on Ctrl-C with everybody told', async () => {
    const { child, output, exited, url, socketUrl } = await started()
    expect(output.stdout).toContain(`Sockets are on ${socketUrl}, by ws (--adapter ws).`)
    expect(socketUrl).toBe(url.replace('http', 'ws'))
    for (const page of ['chat', 'notifications', 'dashboard']) {
      expect(output.stdout).toContain(`${url}/${page}/`)
      expect((await fetch(`${url}/${page}/`)).status).toBe(200)
    }
    const client = await openSocket(url, '/ws/chat/lobby?user=alice')
    await client.frame('the arrival', ({ data }) => data?.event === 'joined')
    child.kill('SIGINT')
    expect(await client.ended).toMatchObject({ code: 1012 })
    expect(await exited).toEqual([0, null])
    expect(output.stderr).toBe('')
    expect(output.stdout).toContain('Stopping…')
  })

  test('stops on SIGTERM too', async () => {
    const { child, exited } = await started()
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })

  test('stops at once on the second Ctrl-C', async () => {
    const { child, output, exited, url } = await started()
    // It never answers the closing handshake, so that stopping in order would take a while.
    const silent = await openSocket(url, '/ws/chat/lobby?user=alice')
    silent.pause()
    child.kill('SIGINT')
    await waitFor(() => output.stdout.includes('Stopping…'))
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    silent.resume()
    await silent.ended
  })

  test('says that the port is taken, and by which option to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { output, exited } = runDemo('--port', String(port))
    expect(await exited).toEqual([1, null])
    expect(output.stderr.trim()).toBe(
      `Port ${port} on 127.0.0.1 is already in use. Try another: npm run demo -- --port ${port + 1}`,
    )
    other.close()
  })

  test('explains itself on unknown options', async () => {
    const { output, exited } = runDemo('--prot', '4000')
    expect(await exited).toEqual([2, null])
    expect(output.stderr).toContain("'--prot'")
    expect(output.stderr).toContain('--port <number>')
    expect(output.stdout).toBe('')
  })

  test('explains itself on --help', async () => {
    const { output, exited } = runDemo('--help')
    expect(await exited).toEqual([0, null])
    expect(output.stdout).toContain('--host <name>')
    expect(output.stderr).toBe('')
  })
})

describe('arguments', () => {
  const read = (...args: string[]) => readArguments(args, {})

  test('default to port 3000 on loopback, in memory whatever the environment has', () => {
    expect(readArguments([], { DATABASE_URL: 'postgres://elsewhere/' })).toEqual({
      kind: 'start',
      options: { port: 3000, host: '127.0.0.1' },
    })
  })

  test('may follow a -- that a package manager left', () => {
    expect(read('--', '--port=4000', '--host', '::1')).toEqual({
      kind: 'start',
      options: { port: 4000, host: '::1' },
    })
  })

  test('name the database, or leave that to the environment', () => {
    const env = { DATABASE_URL: 'postgres://from-env/' }
    const url = (...args: string[]) => readArguments(['--layer', 'postgres', ...args], env)
    expect(url()).toMatchObject({ options: { databaseUrl: 'postgres://from-env/' } })
    expect(url('--database-url', 'postgres://given/')).toMatchObject({
      options: { databaseUrl: 'postgres://given/' },
    })
    expect(read('--layer', 'postgres')).toMatchObject({
      kind: 'mistake',
      message: expect.stringContaining('--database-url postgres://'),
    })
    expect(read('--database-url', 'postgres://given/')).toMatchObject({
      kind: 'mistake',
      message: expect.stringContaining('--layer postgres'),
    })
  })

  test('choose the adapter, and a port for its sockets where it needs one', () => {
    const options = (...args: string[]) => {
      const request = read(...args)
      return request.kind === 'start' ? request.options : request
    }
    expect(options('--adapter', 'ws')).toEqual({ port: 3000, host: '127.0.0.1' })
    const uws = (...args: string[]) => options('--adapter', 'uws', ...args)
    expect(uws()).toMatchObject({ port: 3000, uwsPort: 4000 })
    expect(uws('--port', '8000')).toMatchObject({ port: 8000, uwsPort: 9000 })
    expect(uws('--port', '0')).toMatchObject({ port: 0, uwsPort: 0 })
    expect(uws('--socket-port', '0')).toMatchObject({ port: 3000, uwsPort: 0 })
    expect(uws('--port', '65000', '--socket-port', '81')).toMatchObject({ uwsPort: 81 })
    expect(uws('--port', '65000')).toMatchObject({
      kind: 'mistake',
      message: expect.stringContaining('--socket-port'),
    })
    expect(options('--socket-port', '4000')).toMatchObject({
      kind: 'mistake',
      message: expect.stringContaining('--adapter uws'),
    })
  })

  test.each([
    [['--port', '65536']],
    [['--port', '-1']],
    [['--port', '80.5']],
    [['--port', 'http']],
    [['--port', '']],
    [['--port']],
    [['--host', '']],
    [['--host', 'a b']],
    [['--layer', 'redis']],
    [['--layer', 'postgres', '--database-url', '']],
    [['--adapter', 'uWebSockets.js']],
    [['--adapter', 'uws', '--socket-port', '65536']],
    [['--adapter', 'uws', '--socket-port', '3000']],
    [['--verbose']],
    [['4000']],
  ])('%j are a mistake', (args) => {
    expect(read(...args)).toMatchObject({ kind: 'mistake', message: expect.any(String) })
  })

  // As a hurried person types it: in the wrong place, misspelt, or cut in two by the shell.
  const url = 'postgres://alice:s3cret@db.example:5432/chat'
  test.each([
    [[url]],
    [['--layer', 'postgres', url]],
    [['--layer', url]],
    [['--port', url]],
    [['--host', url]],
    [['--adapter', url]],
    [['--adapter', 'uws', '--socket-port', url]],
    [['--host', 'alice:s3cret@db.example']],
    [[`--databaseurl=${url}`]],
    [[`--${url}`]],
    [[`-${url}`]],
    [[`--help=${url}`]],
    [['--layer', 'postgres', '--database-url', 'postgres://alice:my', 's3cret@db/chat']],
    [['--database-url', url]],
  ])('a password in them is not repeated: %#', (args) => {
    for (const request of [read(...args), readClusterArguments(args)]) {
      expect(request.kind).toBe('mistake')
      expect(JSON.stringify(request)).not.toMatch(/s3cret|alice/)
    }
  })
})

describe('arguments of the cluster', () => {
  test('give each server a port', () => {
    const ports = (...args: string[]) => readClusterArguments(args)
    expect(ports()).toMatchObject({ options: { ports: [3000, 3001], host: '127.0.0.1' } })
    expect(ports('--port', '4000')).toMatchObject({ options: { ports: [4000, 4001] } })
    expect(ports('--port', '0')).toMatchObject({ options: { ports: [0, 0] } })
    expect(ports('--port', '65535')).toMatchObject({ kind: 'mistake' })
  })
})

// On a server of its own, because of the role, the rules and the restart.
describe.skipIf(postgresSkipReason())('a database', { timeout: 60_000 }, () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
    await runSql(postgres.url, "create role alice login password 's3cret'")
    const rules = `${postgres.dataDir}/pg_hba.conf`
    await writeFile(rules, `host all alice all scram-sha-256\n${await readFile(rules, 'utf8')}`)
    await runSql(postgres.url, 'select pg_reload_conf()')
  }, 60_000)
  afterAll(() => postgres?.close())

  test.each([
    ['a wrong password', 'alice:wr0ng@', '/postgres', 'password authentication failed'],
    ['no database of that name', 'alice:s3cret@', '/nothing', 'database "nothing" does not exist'],
    ['no rights', 'alice:s3cret@', '/postgres', 'Let an administrator run'],
  ])('that cannot be used is explained: %s', async (_, login, path, words) => {
    const url = postgres.url.replace('postgres@', login).replace('/postgres', path)
    const { output, exited } = runDemo('--port', '0', '--layer', 'postgres', '--database-url', url)
    expect(await exited).toEqual([1, null])
    expect(output.stderr).toContain('The demo could not start.')
    expect(output.stderr).toContain(words)
    expect(output.stderr).not.toContain(' at ')
    expect(output.stdout + output.stderr).not.toMatch(/s3cret|wr0ng/)
  })

  test.each([
    ['nobody answers', 'postgres://alice:s3cret@127.0.0.1:1/chat', 'Start the server'],
    ['an address that is none', 'postgres://alice:s3/cret@127.0.0.1:1/chat', 'percent-encoded'],
  ])('that cannot be used is explained: %s', async (_, url, words) => {
    const { output, exited } = runDemo('--port', '0', '--layer', 'postgres', '--database-url', url)
    expect(await exited).toEqual([1, null])
    expect(output.stderr).toContain(words)
    expect(output.stdout + output.stderr).not.toMatch(/s3.?cret/)
  })

  test('is never shown with its password, lost and back included', async () => {
    await runSql(postgres.url, 'grant create on database postgres to alice')
    const url = postgres.url.replace('postgres@', 'alice:s3cret@')
    const { child, output, exited } = await started('--layer', 'postgres', '--database-url', url)
    await postgres.stop()
    await waitFor(() => output.stderr.includes('database is lost'), { deadlineMs: 20_000 })
    await postgres.start()
    await waitFor(() => output.stderr.includes('database is back'), { deadlineMs: 20_000 })
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    expect(output.stdout + output.stderr).not.toContain('s3cret')
  })
})

describe('failures to start', () => {
  const options = { port: 80, host: 'example.invalid' }
  const failure = (code: string, port?: number) =>
    Object.assign(new Error('boom'), { code, ...(port !== undefined && { port }) })

  test.each([
    ['EACCES', 'more rights'],
    ['EADDRNOTAVAIL', "no address 'example.invalid'"],
    ['ENOTFOUND', "no address 'example.invalid'"],
    ['EMFILE', 'could not start: boom'],
  ])('%s is explained', (code, words) => {
    expect(startFailure(failure(code), options)).toContain(words)
  })

  test('a port that is taken is named, with one that is not meant for the other purpose', () => {
    const taken = (port: number, uwsPort: number, which: number) =>
      startFailure(failure('EADDRINUSE', which), { port, host: '127.0.0.1', uwsPort })
    expect(taken(3000, 4000, 3000)).toMatch(/^Port 3000 .* -- --port 3001$/)
    expect(taken(3000, 3001, 3000)).toMatch(/^Port 3000 .* -- --port 2999$/)
    expect(taken(3000, 4000, 4000)).toMatch(/^Port 4000 .* -- --adapter uws --socket-port 4001$/)
    expect(taken(65_534, 65_535, 65_535)).toMatch(/--socket-port 65533$/)
    expect(startFailure(failure('EACCES', 81), { ...options, uwsPort: 81 })).toMatch(
      /^Port 81 .* --socket-port\.$/,
    )
  })
})
