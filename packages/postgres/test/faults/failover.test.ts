// The primary dies under load, and a standby that lags behind takes its place.
import { TcpProxy } from '@chan/conformance'
import { createStandby, type PostgresServer, runSql, startPostgres, waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { PgChannelLayer, type Position } from '../../src/index.js'
import { waitForUsualConnections } from './scene/activity.js'
import { PATIENCE_MS } from './scene/form.js'
import { Scene } from './scene/scene.js'

const stored = async (url: string) =>
  (await runSql<{ count: number }>(url, 'select count(*)::int from chan.log'))[0]?.count ?? 0

function at(url: string, { port }: { readonly port: number }): string {
  const other = new URL(url)
  other.port = String(port)
  return other.href
}

test('a lagging standby is promoted: a new epoch, told to everybody, old positions refused', async () => {
  await using primary = await startPostgres({ sync: true, settings: { wal_level: 'replica' } })
  await using toPrimary = await TcpProxy.listen({ port: primary.port })
  await using standby: PostgresServer = await createStandby(primary, {
    primaryPort: toPrimary.port,
  })
  await using proxy = await TcpProxy.listen({ port: primary.port })
  const primaryUrl = await primary.createDatabase()
  const standbyUrl = at(primaryUrl, standby)
  const databaseUrl = at(primaryUrl, proxy)
  await using scene = await Scene.open({ databaseUrl })
  await scene.start()

  // It lags, but it is a standby of this database: it has the tables, and some of the load.
  await waitFor(async () => (await stored(standbyUrl)) > 0, {
    deadlineMs: PATIENCE_MS,
    label: 'the standby to follow',
  })
  toPrimary.hang()
  await scene.goOn()
  await scene.goOn()
  const position = await scene.members[2]?.call<Position>('position', 'plain')
  const lag = (await stored(primaryUrl)) - (await stored(standbyUrl))
  expect(lag).toBeGreaterThan(0)
  const inRecovery = new PgChannelLayer({ databaseUrl: standbyUrl })
  await expect(inRecovery.connect()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('recovery'),
  })
  await inRecovery.disconnect()

  await primary.kill()
  await standby.promote()
  proxy.retarget({ port: standby.port })
  await waitForUsualConnections(standbyUrl, 3)
  const { complaints, members } = await scene.finish({ mayReset: true })
  expect(complaints).toEqual([])
  for (const { heard } of members) {
    for (const events of heard.values()) {
      expect(events.filter((event) => 'reset' in event)).toHaveLength(1)
      expect(events.at(-1)).toHaveProperty('seq')
    }
  }

  await using layer = new PgChannelLayer({ databaseUrl })
  const resets: unknown[] = []
  const returning = await layer.channel('plain').subscribe(() => {}, {
    since: position as Position,
    onReset: (event) => resets.push(event),
  })
  expect(returning.recovered).toMatchObject({ truncated: true })
  expect(returning.position.epoch).not.toBe(position?.epoch)
}, 180_000)
