// Servers that tests start, stop, kill, copy and remove.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  createStandby,
  type PostgresOptions,
  postgresSkipReason,
  runSql,
  startPostgres,
  waitFor,
} from '../src/index.js'
import type { PostgresServer } from '../src/postgres/server.js'
import { bundleWorker } from '../src/processes/bundle-worker.js'
import { childrenOf, isAlive } from '../src/processes/process-tree.js'

async function start(options?: PostgresOptions): Promise<PostgresServer> {
  const server = await startPostgres(options)
  onTestFinished(() => server.close())
  return server
}

async function setting(server: PostgresServer, name: string): Promise<unknown> {
  const [row] = await runSql(server.url, 'select current_setting($1) as value', [name])
  return row?.value
}

const count = (server: PostgresServer) => runSql(server.url, 'select count(*)::int from t')

describe('a server', { timeout: 60_000 }, () => {
  test('is fast by default, and reachable from this machine alone', async () => {
    const server = await start({ settings: { work_mem: '5MB' } })
    expect(await setting(server, 'fsync')).toBe('off')
    expect(await setting(server, 'max_connections')).toBe('200')
    expect(await setting(server, 'listen_addresses')).toBe('127.0.0.1')
    expect(await setting(server, 'lc_messages')).toBe('C')
    expect(await setting(server, 'work_mem')).toBe('5MB')
    expect(server.port).toBeLessThan(32_768)
    expect(server.log).toContain('ready to accept connections')
  })

  test('keeps what was committed over a clean restart, on the same port', async () => {
    const server = await start({ sync: true })
    for (const name of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      expect(await setting(server, name)).toBe('on')
    }
    await runSql(server.url, 'create table t (x int)')
    const { pid } = server
    await expect(server.start()).rejects.toThrow('running already')
    await server.stop()
    await server.stop()
    expect([server.pid, isAlive(pid ?? 0)]).toEqual([undefined, false])
    await expect(runSql(server.url, 'select')).rejects.toThrow('ECONNREFUSED')
    await server.start()
    expect(server.pid).not.toBe(pid)
    expect(await count(server)).toEqual([{ count: 0 }])
    expect(server.log).not.toContain('was not properly shut down')
  })

  test('is killed with everyone in it, even a busy backend, and recovers', async () => {
    const server = await start({ sync: true })
    await runSql(server.url, 'create table t (x int)')
    await runSql(server.url, 'create unlogged table u as select 1')
    const busy = new pg.Client(server.url)
    busy.on('error', () => {})
    await busy.connect()
    const spinning = busy.query('do $$ begin loop null; end loop; end $$').catch(() => 'lost')
    await runSql(server.url, 'insert into t values (1)')
    const everyone = [server.pid ?? 0, ...childrenOf(server.pid ?? 0)]
    expect(everyone.length).toBeGreaterThan(5)
    await server.kill()
    expect(everyone.filter(isAlive)).toEqual([])
    expect(await spinning).toBe('lost')
    await server.start()
    expect(server.log).toContain('was not properly shut down')
    expect(await count(server)).toEqual([{ count: 1 }])
    expect(await runSql(server.url, 'select from u')).toEqual([])
  })

  test('is removed with its folder, running or killed', async () => {
    for (const how of ['running', 'killed']) {
      const server = await startPostgres()
      const { pid = 0, dataDir } = server
      if (how === 'killed') await server.kill()
      await Promise.all([server.close(), server.close()])
      expect(isAlive(pid)).toBe(false)
      expect(existsSync(dirname(dataDir))).toBe(false)
      await expect(server.start()).rejects.toThrow('closed')
    }
  })

  test('makes and drops databases, from templates too', async () => {
    const server = await start()
    const template = await server.createDatabase()
    await runSql(template, 'create table t as select 7 as x')
    const copy = await server.createDatabase(template)
    expect(await runSql(copy, 'select x from t')).toEqual([{ x: 7 }])
    await server.dropDatabase(copy)
    await expect(runSql(copy, 'select')).rejects.toThrow('does not exist')
  })

  test('says why it does not start, and leaves nothing', async () => {
    await expect(startPostgres({ settings: { wal_level: 'nonsense' } })).rejects.toThrow(
      /invalid value for parameter "wal_level"/,
    )
  })

  test('lives in a folder of the caller’s, which stays', async () => {
    const dataDir = join(await temporaryFolder(), 'data')
    const first = await startPostgres({ dataDir })
    await runSql(first.url, 'create table t (x int)')
    await first.close()
    const second = await start({ dataDir })
    expect(await count(second)).toEqual([{ count: 0 }])
  })

  test.skipIf(postgresSkipReason(13))('may be of version 13', async () => {
    const server = await start({ version: 13 })
    expect(await setting(server, 'server_version')).toMatch(/^13\./)
    expect(await server.createDatabase()).toContain('chan_test_')
    await server.kill()
    await server.start()
  })
})

test('a standby follows, lags, takes over on a new timeline', { timeout: 60_000 }, async () => {
  const primary = await start({ sync: true })
  await runSql(primary.url, 'create table t as select 1 as x')
  const standby = await createStandby(primary)
  onTestFinished(() => standby.close())
  expect(await standby.isInRecovery()).toBe(true)
  expect(await setting(standby, 'fsync')).toBe('on')
  await runSql(primary.url, 'insert into t values (2)')
  await waitFor(async () => (await count(standby))[0]?.count === 2)
  await expect(runSql(standby.url, 'insert into t values (3)')).rejects.toThrow('read-only')

  await standby.stop()
  await runSql(primary.url, 'insert into t values (3)')
  await primary.kill()
  await standby.start()
  expect(await count(standby)).toEqual([{ count: 2 }])
  await standby.promote()
  await runSql(standby.url, 'insert into t values (4)')
  const [wal] = await runSql(standby.url, 'select pg_walfile_name(pg_current_wal_lsn()) as name')
  expect(wal?.name).toMatch(/^00000002/)
  await standby.kill()
  await standby.start()
  expect(await standby.isInRecovery()).toBe(false)
  expect(await count(standby)).toEqual([{ count: 3 }])
})

// SIGKILL gives the test no chance to tidy up, be it during initdb or later.
test.skipIf(process.platform === 'win32').each(['starting', 'running', 'killed', 'paused'])(
  'no %s server outlives a test that is killed',
  { timeout: 60_000 },
  async (state) => {
    const folder = await temporaryFolder()
    const program = await bundleWorker(
      fileURLToPath(new URL('./fixtures/doomed-server.ts', import.meta.url)),
    )
    const doomed = spawn(process.execPath, [program, state], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    doomed.stdout.on('data', (chunk) => {
      output += chunk
    })
    const pid = await waitFor(
      async () => {
        if (state !== 'starting') return Number(/server (\d+)\n/.exec(output)?.[1])
        const [base] = await readdir(folder)
        return base && existsSync(join(folder, base, 'data/base')) && process.pid
      },
      { deadlineMs: 40_000, label: `a ${state} server` },
    )
    doomed.kill('SIGKILL')
    await waitFor(async () => (await readdir(folder)).length === 0, {
      deadlineMs: 30_000,
      label: 'the end of its folder',
    })
    if (state !== 'starting') expect(isAlive(pid)).toBe(false)
  },
)

/** As root, our servers run under another account, who has to get in. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chan-testkit-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o711)
  return folder
}
