// The dashboard and the index page in a real browser.

import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { connected, useBrowser } from './browser.js'
import { useDemo } from './running-demo.js'

const demo = useDemo()
const { visit } = useBrowser()

test('the dashboard moves: new samples, longer lines, changing values', {
  timeout: 30_000,
}, async () => {
  const page = await visit(`${demo.url}/dashboard/`)
  await connected(page)
  const tiles = page.locator('.tile')
  expect(await tiles.count()).toBe(6)
  const seen = new Set<string>()
  const points = new Set<number>()
  await waitFor(
    async () => {
      seen.add((await page.locator('.value').allTextContents()).join(' '))
      const line = await page.locator('.chart .line').first().getAttribute('points')
      points.add(line?.split(' ').length ?? 0)
      return seen.size > 3 && points.size > 3
    },
    { deadlineMs: 15_000, intervalMs: 200, label: 'four different samples' },
  )
  const connections = page.locator('.tile', { hasText: 'Connections' }).locator('.value')
  await connections.filter({ hasText: '1' }).waitFor()
  const other = await visit(`${demo.url}/chat/?room=general&user=alice`)
  await connections.filter({ hasText: '2' }).waitFor()
  await other.context().close()
  await connections.filter({ hasText: '1' }).waitFor()
  await page.context().close()
})

test('the minute before is there at once', { timeout: 30_000 }, async () => {
  const taken = async (): Promise<number> => {
    const answer = await fetch(`${demo.url}/api/metrics/snapshot`)
    return ((await answer.json()) as { metrics: unknown[] }).metrics.length
  }
  await waitFor(async () => (await taken()) >= 2, { deadlineMs: 10_000 })
  const before = await taken()
  const page = await visit(`${demo.url}/dashboard/`)
  const line = page.locator('.chart .line').first()
  // Without the history the page could never show more than what was sampled since the visit.
  await waitFor(async () => {
    const points = await line.getAttribute('points')
    const shown = points ? points.split(' ').length : 0
    return shown > (await taken()) - before
  })
  await page.context().close()
})

test('the index leads to every example', async () => {
  const page = await visit(demo.url)
  for (const [name, path] of [
    ['Chat', '/chat/'],
    ['Notifications', '/notifications/'],
    ['Dashboard', '/dashboard/'],
  ] as const) {
    await page.getByRole('main').getByRole('link', { name }).click()
    await page.waitForURL((address) => address.pathname === path)
    await page.goBack()
  }
  await page.context().close()
})
