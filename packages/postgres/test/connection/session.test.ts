import { TcpProxy } from '@chan/conformance'
import { type Clock, systemClock } from '@chan/core'
import { createTestDatabase, runSql, waitFor } from '@chan/testkit'
import { types } from 'pg'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'
import { SessionLost, sqlState } from '../../src/connection/errors.js'
import { Session } from '../../src/connection/session.js'
import { databaseScene, rejection } from './database.js'

const scene = databaseScene()

const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))

describe('queries', () => {
  it('run in order, each with its own answer; a refused one hurts no other', async () => {
    const session = await scene.open()
    const answers = await Promise.allSettled([
      session.query('select pg_sleep(0.05), 1 as n'),
      session.query('select no_such_column'),
      session.query('select $1::int as n', [2]),
    ])
    expect(answers[0]).toMatchObject({ status: 'fulfilled', value: [{ n: 1 }] })
    expect(answers[1]?.status === 'rejected' && sqlState(answers[1].reason)).toBe('42703')
    expect(answers[2]).toMatchObject({ status: 'fulfilled', value: [{ n: 2 }] })
    expect(session.alive).toBe(true)
  })

  it('never make pg warn about queries that wait', async () => {
    const session = await scene.open()
    await Promise.all(Array.from({ length: 20 }, () => session.query('select 1')))
    expect(warnings.filter(({ name }) => name === 'DeprecationWarning')).toEqual([])
  })

  it('of several statements are one transaction and answer the last', async () => {
    const session = await scene.open()
    await session.query('create temp table seen (n int)')
    const failing = session.query('insert into seen values (1); select 1 / 0')
    expect(sqlState(await rejection(failing))).toBe('22012')
    expect(await session.query('insert into seen values (2); select n from seen')).toEqual([
      { n: 2 },
    ])
  })

  it('tell a COMMIT that committed from one that did not', async () => {
    const session = await scene.open()
    await session.query('begin')
    await rejection(session.query('select 1 / 0'))
    expect((await session.execute('commit')).command).toBe('ROLLBACK')
    await session.query('begin')
    expect((await session.execute('commit')).command).toBe('COMMIT')
  })

  it('answer the same values whatever parsers the program has set', async () => {
    const [int8, timestamptz] = [types.getTypeParser(20), types.getTypeParser(1184)]
    types.setTypeParser(20, () => 'spoilt')
    types.setTypeParser(1184, () => 'spoilt')
    try {
      const session = await scene.open()
      const [row] = await session.query(
        `select 9007199254740993::int8 as big, 7::int2 as small, 1.5::float8 as f, true as yes,
          '{"a":1}'::jsonb as j, array['a', null] as texts, array[1, 2] as ints, null::int as none,
          'epoch'::timestamptz at time zone 'utc' as t, to_timestamp(0) as tz`,
      )
      expect(row).toMatchObject({ big: '9007199254740993', small: 7, f: 1.5, yes: true })
      expect(row).toMatchObject({ j: { a: 1 }, texts: ['a', null], ints: [1, 2], none: null })
      expect(row).toMatchObject({ t: '1970-01-01 00:00:00' })
      expect(row?.tz).toMatch(/^19(70|69)-/)
    } finally {
      types.setTypeParser(20, int8)
      types.setTypeParser(1184, timestamptz)
    }
  })

  it('speak UTF-8 where the role speaks something else by default', async () => {
    await runSql(scene.url, `create role latin_${process.pid} login`)
    await runSql(scene.url, `alter role latin_${process.pid} set client_encoding to 'latin1'`)
    try {
      const url = new URL(scene.url)
      url.username = `latin_${process.pid}`
      const session = await scene.open({}, url.href)
      expect(session.setting('client_encoding')).toBe('UTF8')
      expect(await session.query('select $1::text as t, length($1) as n', ['ä€🎈'])).toEqual([
        { t: 'ä€🎈', n: 3 },
      ])
    } finally {
      await runSql(scene.url, `drop role latin_${process.pid}`)
    }
  })
})

describe('notifications', () => {
  it('arrive with their payload, in order', async () => {
    const session = await scene.open()
    const heard: string[] = []
    session.onNotification((payload) => heard.push(payload))
    await session.query('listen bell')
    await runSql(scene.url, `select pg_notify('bell', 'one'), pg_notify('bell', 'two')`)
    await runSql(scene.url, 'notify bell')
    await waitFor(() => heard.length === 3)
    expect(heard).toEqual(['one', 'two', ''])
  })
})

describe('a session that is lost', () => {
  it('rejects each open query once and says what was never sent', async () => {
    const session = await scene.open()
    const lost: Error[] = []
    session.onLost((error) => lost.push(error))
    const running = rejection(session.query('select pg_sleep(60)', [], { deadlineMs: 70_000 }))
    const waiting = rejection(session.query('select 1'))
    await waitFor(() => isRunning('select pg_sleep(60)'))
    await scene.terminate(session)
    expect(await running).toBeInstanceOf(SessionLost)
    expect(await running).toMatchObject({ sent: true })
    expect(await waiting).toMatchObject({ name: 'SessionLost', sent: false })
    expect(await rejection(session.query('select 1'))).toMatchObject({ sent: false })
    await session.close()
    expect(lost).toHaveLength(1)
    expect(session.alive).toBe(false)
  })

  it('is noticed without any query, and by those who ask later', async () => {
    const session = await scene.open()
    await scene.terminate(session)
    await waitFor(() => !session.alive)
    const late: Error[] = []
    session.onLost((error) => late.push(error))
    expect(late).toHaveLength(1)
    expect(late[0]?.message).toMatch(/terminating connection/)
  })

  it('by a reset is lost too', async () => {
    await using proxy = await TcpProxy.listen({ port: portOf(scene.url) })
    const session = await scene.open({}, through(proxy))
    const query = rejection(session.query('select pg_sleep(60)', [], { deadlineMs: 70_000 }))
    await waitFor(() => isRunning('select pg_sleep(60)'))
    proxy.cut()
    expect(await query).toMatchObject({ name: 'SessionLost', sent: true })
  })
})

describe('deadlines', () => {
  it('end a session whose server takes too long', async () => {
    const session = await scene.open()
    const lost: Error[] = []
    session.onLost((error) => lost.push(error))
    const query = session.query('select pg_sleep(60)', [], { deadlineMs: 100 })
    expect(await rejection(query)).toMatchObject({ name: 'SessionLost', sent: true })
    expect(lost.map(({ message }) => message)).toEqual(['no answer within 100 ms'])
  })

  it('count from sending: a query does not pay for those before it', async () => {
    const session = await scene.open()
    const slow = session.query('select pg_sleep(1.2)')
    const quick = session.query('select 1 as n', [], { deadlineMs: 1_000 })
    await slow
    expect(await quick).toEqual([{ n: 1 }])
  })

  it('end a session on a dead link, and closing it does not wait for the link', async () => {
    await using proxy = await TcpProxy.listen({ port: portOf(scene.url) })
    const [asking, idle] = await Promise.all([
      scene.open({}, through(proxy)),
      scene.open({}, through(proxy)),
    ])
    proxy.hang()
    const query = asking.query('select 1', [], { deadlineMs: 100 })
    expect(await rejection(query)).toBeInstanceOf(SessionLost)
    // The test's own time limit is what this would run into.
    await idle.close()
    expect(idle.alive).toBe(false)
  })

  it('give the answer a second chance when the process itself stood still', async () => {
    const clock = new LateClock()
    const session = await scene.open({ clock })
    clock.take()
    const answered = session.query('select pg_sleep(0.3), 1 as n', [], { deadlineMs: 100 })
    clock.fireLate(2_000)
    expect(await answered).toMatchObject([{ n: 1 }])
    clock.take()
    const missed = rejection(session.query('select pg_sleep(60)', [], { deadlineMs: 100 }))
    clock.fireLate(2_000)
    clock.fireLate(2_000)
    expect(await missed).toMatchObject({ name: 'SessionLost', sent: true })
  })

  it('hold for connecting, too, and connecting can be given up', async () => {
    await using proxy = await TcpProxy.listen({ port: portOf(scene.url) })
    proxy.hang()
    const config = new SessionConfig(through(proxy))
    expect(await rejection(Session.open(config, { deadlineMs: 100 }))).toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringContaining('no answer within 100 ms'),
    })
    const abort = new AbortController()
    const opening = Session.open(config, { deadlineMs: 60_000, signal: abort.signal })
    abort.abort()
    expect((await rejection(opening)).message).toContain('given up')
    proxy.heal()
    await waitFor(() => proxy.counters.open === 0)
  })
})

describe('closing', () => {
  it('leaves nothing on the server, rejects what is open, and is no loss', async () => {
    const session = await scene.open({ applicationName: 'chan closing' })
    expect(await scene.count('chan closing')).toBe(1)
    const lost: Error[] = []
    session.onLost((error) => lost.push(error))
    const open = rejection(session.query('select pg_sleep(0.1)'))
    await Promise.all([session.close(), session.close()])
    expect(await open).toMatchObject({ name: 'SessionLost', sent: true })
    expect(await rejection(session.query('select 1'))).toMatchObject({ sent: false })
    await waitFor(async () => (await scene.count('chan closing')) === 0)
    expect(lost).toEqual([])
  })

  it('says goodbye, where destroying hangs up', async () => {
    const database = await createTestDatabase(inject('postgresUrl'))
    const [polite, rude] = await Promise.all([
      scene.open({ applicationName: 'chan polite' }, database.url),
      scene.open({ applicationName: 'chan rude' }, database.url),
    ])
    await polite.close()
    rude.destroy()
    await waitFor(async () => {
      const rows = await runSql(
        database.url,
        `select from pg_stat_activity where application_name in ('chan polite', 'chan rude')`,
      )
      return rows.length === 0
    })
    const [row] = await runSql<{ abandoned: string }>(
      database.url,
      `select sessions_abandoned as abandoned from pg_stat_database
      where datname = current_database()`,
    )
    expect(row).toEqual({ abandoned: '1' })
    await database.drop()
  })
})

async function isRunning(text: string): Promise<boolean> {
  const rows = await runSql(
    scene.url,
    `select from pg_stat_activity
    where datname = current_database() and state = 'active' and query = $1`,
    [text],
  )
  return rows.length > 0
}

function portOf(url: string): number {
  return Number(new URL(url).port || 5432)
}

function through(proxy: TcpProxy): string {
  const url = new URL(scene.url)
  url.hostname = '127.0.0.1'
  url.port = String(proxy.port)
  return url.href
}

/** Fires timers when told to, at a time when they are long overdue: as in a process that was stopped. */
class LateClock implements Clock {
  #task: (() => void) | undefined
  #offset = 0

  now(): number {
    return systemClock.now() + this.#offset
  }

  after(_delayMs: number, task: () => void) {
    this.#task = task
    return {
      cancel: () => {
        if (this.#task === task) this.#task = undefined
      },
    }
  }

  nextTurn(task: () => void): void {
    systemClock.nextTurn(task)
  }

  take(): void {
    this.#task = undefined
  }

  fireLate(ms: number): void {
    this.#offset += ms
    const task = this.#task
    this.#task = undefined
    task?.()
  }
}

afterEach(() => {
  warnings.length = 0
})
