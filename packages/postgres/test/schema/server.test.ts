import { createStandby, postgresSkipReason, runSql, startPostgres, waitFor } from '@chan/testkit'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { migrate } from '../../src/schema/migrate.js'
import { assertServer, checkServer } from '../../src/schema/server.js'
import { freshDatabase, openSession, rejection } from './fresh-database.js'

const wanted = { schema: 'chan', durability: 'durable', migrate: true } as const

describe('a server that cannot carry a layer', () => {
  it.skipIf(postgresSkipReason(13))(
    'is too old',
    async () => {
      await using server = await startPostgres({ version: 13 })
      const session = await openSession(server.url)
      expect(await rejection(assertServer(session))).toMatchObject({
        code: 'invalid-option',
        message: expect.stringMatching(
          /^The server is PostgreSQL 13\.\d+; Chan needs 14 or newer\.$/,
        ),
      })
      await session.close()
    },
    30_000,
  )

  it('does not speak UTF-8', async () => {
    const { url, open } = await freshDatabase()
    const name = `${new URL(url).pathname.slice(1)}_latin`
    await runSql(url, `create database ${name} encoding latin1 locale 'C' template template0`)
    onTestFinished(
      async () => void (await runSql(inject('postgresUrl'), `drop database ${name} with (force)`)),
    )
    const latin = new URL(url)
    latin.pathname = name
    expect(await rejection(assertServer(await open(latin.href)))).toMatchObject({
      code: 'invalid-option',
      message: `The database ${name} is encoded in LATIN1; Chan needs UTF8.`,
    })
  })
})

describe('the identity of a server', () => {
  it('is what meta says, as long as it is the same', async () => {
    const { url, open } = await freshDatabase()
    const session = await open()
    await assertServer(session)
    await migrate(session, wanted)
    const [meta] = await runSql(url, 'select * from chan.meta')
    const known = {
      generation: meta?.generation,
      doorbell: meta?.doorbell,
      lockClass: meta?.lock_class,
      durability: 'durable',
    }
    expect(await checkServer(session, '"chan"')).toEqual(known)
    expect(await session.query('select * from chan.check_server()')).toEqual([
      { generation: known.generation, renewed: false },
    ])
    expect(await checkServer(session, '"chan"')).toEqual(known)
  })

  it('is renewed once for all when the data came to another server', async () => {
    const { url, open } = await freshDatabase()
    await migrate(await open(), wanted)
    for (const change of [`system_id = '1'`, `timeline = '0000002A'`]) {
      const before = await runSql<Meta>(url, `update chan.meta set ${change} returning *`)
      const sessions = await Promise.all(Array.from({ length: 8 }, () => open()))
      const checked = await Promise.all(sessions.map((one) => checkServer(one, '"chan"')))
      const generations = new Set(checked.map(({ generation }) => generation))
      expect(generations.size).toBe(1)
      expect(generations).not.toContain(before[0]?.generation)
      expect(checked[0]?.doorbell).toBe(before[0]?.doorbell)
    }
  })

  it('is renewed by an administrator after a restore', async () => {
    const { open } = await freshDatabase()
    const session = await open()
    await migrate(session, wanted)
    const before = await checkServer(session, '"chan"')
    const [row] = await session.query<{ new_epoch: string }>('select chan.new_epoch()')
    expect(row?.new_epoch).toMatch(/^[0-9a-f]{16}$/)
    expect(row?.new_epoch).not.toBe(before.generation)
    expect((await checkServer(session, '"chan"')).generation).toBe(row?.new_epoch)
  })
})

describe('a failover', () => {
  it.skipIf(postgresSkipReason())(
    'is refused until it is over, and renews the generation',
    async () => {
      await using primary = await startPostgres({ sync: true })
      const session = await openSession(primary.url)
      await migrate(session, wanted)
      const before = await checkServer(session, '"chan"')
      await session.close()

      await using standby = await createStandby(primary)
      await waitFor(
        async () => (await runSql(standby.url, `select to_regclass('chan.meta')`))[0]?.to_regclass,
      )
      const early = await openSession(standby.url)
      for (const refused of [assertServer(early), checkServer(early, '"chan"')]) {
        expect(await rejection(refused)).toMatchObject({
          code: 'unavailable',
          retryable: true,
          message: expect.stringContaining('in recovery'),
        })
      }
      await early.close()

      await primary.kill()
      await standby.promote()
      await waitFor(async () => !(await standby.isInRecovery()))
      const late = await openSession(standby.url)
      await assertServer(late)
      const after = await checkServer(late, '"chan"')
      expect(after.generation).not.toBe(before.generation)
      expect(await checkServer(late, '"chan"')).toEqual(after)
      await late.close()
    },
    60_000,
  )
})

describe('a crash of the server', () => {
  it('empties an unlogged log: the generation is renewed and nothing new stays hidden', async () => {
    await using server = await startPostgres({ sync: true })
    const session = await openSession(server.url)
    await migrate(session, { ...wanted, durability: 'unlogged' })
    const before = await checkServer(session, '"chan"')
    // Cleared at offset 7, of which 5 were no longer in the log.
    await session.query(
      `insert into chan.channel (name, max_history, explicit, floor, top) values ('c', 9, true, 7, 5)`,
    )
    await session.close()
    await server.kill()
    await server.start()
    const sessions = await Promise.all([1, 2, 3].map(() => openSession(server.url)))
    const checked = await Promise.all(sessions.map((one) => checkServer(one, '"chan"')))
    expect(new Set(checked.map(({ generation }) => generation)).size).toBe(1)
    expect(checked[0]?.generation).not.toBe(before.generation)
    const [first] = sessions
    expect(await first?.query('select floor::int, top::int from chan.channel')).toEqual([
      { floor: 5, top: 5 },
    ])
    await Promise.all(sessions.map((one) => one.close()))
  }, 30_000)

  it('leaves a durable log and its generation as they were', async () => {
    await using server = await startPostgres({ sync: true })
    const session = await openSession(server.url)
    await migrate(session, wanted)
    const before = await checkServer(session, '"chan"')
    await session.close()
    await server.kill()
    await server.start()
    const again = await openSession(server.url)
    expect(await checkServer(again, '"chan"')).toEqual(before)
    await again.close()
  }, 30_000)
})

interface Meta {
  readonly generation: string
  readonly doorbell: string
}
