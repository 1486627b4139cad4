// A real browser on each of two servers: the people in front of them see each other.

import { postgresSkipReason, startPostgres, waitFor } from '@chan/testkit'
import { expect, test, vi } from 'vitest'
import { startDemo } from '../src/server.js'
import { connected, useBrowser } from './browser.js'
import { arrived, enterRoom, lines, say } from './chat-window.js'
import { useTwoServers } from './two-servers.js'

const servers = useTwoServers()
const visitors = useBrowser()
const { visit } = visitors

const enter = (url: string, room: string, user: string) => enterRoom(visitors, { url, room, user })

test('chat: presence, messages, typing, private messages, comings and goings', {
  timeout: 60_000,
}, async () => {
  const alice = await enter(servers.one, 'pair', 'alice')
  const bob = await enter(servers.two, 'pair', 'bob')
  await alice.locator('#members', { hasText: 'bob' }).waitFor()
  await alice.locator('.system', { hasText: 'bob joined' }).waitFor()
  expect(await bob.locator('#members li').allTextContents()).toEqual(['alice', 'bob you'])

  await say(alice, 'Hello from one')
  await arrived(bob, 'Hello from one')
  await bob.getByLabel('Message', { exact: true }).pressSequentially('Hm')
  await alice.locator('#typing', { hasText: 'bob is typing…' }).waitFor()
  await say(bob, 'Hello from two')
  await arrived(alice, 'Hello from two')
  await say(alice, '@bob between us')
  await arrived(bob, 'between us')
  expect(await lines(bob, 'between us').locator('.tag').textContent()).toBe('private')

  await bob.context().close()
  await alice.locator('.system', { hasText: 'bob left' }).waitFor()
  expect(await alice.locator('.system', { hasText: 'bob joined' }).count()).toBe(1)
  expect(await alice.locator('.system', { hasText: 'bob left' }).count()).toBe(1)
  await waitFor(async () => (await alice.locator('#member-count').textContent()) === '1')
  await alice.context().close()
})

test('notifications: sent on one page, read on the other', { timeout: 60_000 }, async () => {
  const [alice, bob] = [
    await visit(`${servers.one}/notifications/?user_id=alice`),
    await visit(`${servers.two}/notifications/?user_id=bob`),
  ]
  await connected(alice)
  await connected(bob)
  await alice.getByLabel('User', { exact: true }).fill('bob')
  await alice.getByLabel('Title').fill('Parcel')
  await alice.getByRole('button', { name: 'Send' }).click()
  await bob.locator('.notice', { hasText: 'Parcel' }).waitFor()
  await alice.getByLabel('Everybody connected').check()
  await alice.getByLabel('Title').fill('Lunch')
  await alice.getByRole('button', { name: 'Send' }).click()
  for (const page of [alice, bob]) await page.locator('.notice', { hasText: 'Lunch' }).waitFor()
  await alice.context().close()
  await bob.context().close()
})

test('dashboards: each of its own server', { timeout: 60_000 }, async () => {
  const pages = [
    await visit(`${servers.one}/dashboard/`),
    await visit(`${servers.two}/dashboard/`),
    await visit(`${servers.two}/dashboard/`),
  ]
  for (const [index, connections] of ['1', '2', '2'].entries()) {
    const tile = pages[index]?.locator('.tile', { hasText: 'Connections' })
    await tile?.locator('.value').filter({ hasText: connections }).waitFor()
  }
  expect(await pages[0]?.locator('#address').textContent()).toBe(new URL(servers.one).host)
  await Promise.all(pages.map((page) => page.context().close()))
})

test.skipIf(postgresSkipReason())(
  'a database that is away for a while: the log says so, and nothing written is lost',
  {
    timeout: 120_000,
  },
  async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const postgres = await startPostgres()
    const options = { port: 0, host: '127.0.0.1', databaseUrl: postgres.url }
    const demos = await Promise.all([startDemo(options), startDemo(options)])
    const [one, two] = demos
    const alice = await visit(`${one.url}/chat/`)
    const refusals: string[] = []
    alice.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        if (String(payload).includes('"error"')) refusals.push(String(payload))
      })
    })
    await alice.goto(`${one.url}/chat/?room=outage&user=alice`)
    await connected(alice)
    const bob = await enter(two.url, 'outage', 'bob')
    await alice.locator('#members', { hasText: 'bob' }).waitFor()
    const said = (words: string) => log.mock.calls.filter(([line]) => String(line).includes(words))

    await postgres.stop()
    await waitFor(() => said('is lost').length === 2, { deadlineMs: 20_000, label: 'both lost' })
    await say(alice, 'written in the dark')
    // The server gives up on it, and the page sends it again.
    await waitFor(() => refusals.length > 0, { deadlineMs: 20_000, label: 'a refusal' })
    await lines(alice, 'Sending…').waitFor()
    await postgres.start()
    await arrived(bob, 'written in the dark')
    await arrived(alice, 'written in the dark')
    await waitFor(() => said('is back').length === 2, { deadlineMs: 20_000, label: 'both back' })
    expect(await bob.locator('.system', { hasText: 'left' }).count()).toBe(0)
    for (const page of [alice, bob]) {
      expect(await lines(page, 'written in the dark').count()).toBe(1)
      expect(await page.locator('#members li').count()).toBe(2)
    }
    await alice.context().close()
    await bob.context().close()
    await Promise.all(demos.map((demo) => demo.close()))
    await postgres.close()
    log.mockRestore()
  },
)
