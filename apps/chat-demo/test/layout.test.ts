// Every page at two sizes, light and dark: nothing sticks out. The pictures are kept in screenshots/
// to be looked at.

import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { startDemo } from '../src/server.js'
import { connected, type Page, useBrowser } from './browser.js'
import { gather } from './conversation.js'

const { visit } = useBrowser()
const folder = fileURLToPath(new URL('../screenshots/', import.meta.url))

beforeAll(() => mkdir(folder, { recursive: true }))

const variants = [1280, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
)

test.concurrent.for(variants)('$width px, $colorScheme', { timeout: 60_000 }, async (variant) => {
  const { width, colorScheme } = variant
  const viewport = { width, height: width > 1000 ? 800 : 844 }
  const demo = await startDemo({ port: 0, host: '127.0.0.1' })
  const conversation = await gather(demo)

  async function look(name: string, path: string, fill?: (page: Page) => Promise<void>) {
    const page = await visit(`${demo.url}${path}`, { viewport, colorScheme })
    await fill?.(page)
    const needed = await page.locator('html').evaluate((html) => html.scrollWidth)
    await page.screenshot({ path: `${folder}${name}-${width}-${colorScheme}.png` })
    await page.context().close()
    expect(needed, `what ${name} needs of ${width} px`).toBeLessThanOrEqual(width)
  }

  await look('index', '/')
  await look('chat-entrance', '/chat/')
  await look('chat', '/chat/?room=general&user=maya', async (page) => {
    await connected(page)
    await conversation.talk()
    await conversation.showTyping(page)
  })
  await look('notifications-entrance', '/notifications/')
  await look('notifications', '/notifications/?user_id=maya', async (page) => {
    await connected(page)
    await conversation.notify()
    await page.locator('.notice', { hasText: 'Lunch' }).waitFor()
  })
  await look('dashboard', '/dashboard/', async (page) => {
    await page
      .locator('.tile', { hasText: /last ([3-9]|\d\d) s/ })
      .first()
      .waitFor()
  })
  await conversation.end()
  await demo.close()
})
