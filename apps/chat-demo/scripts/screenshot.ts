// Takes the README's picture: the chat page in the middle of a conversation.
// Run with `pnpm --filter chat-demo screenshot`; writes docs/screenshot.png.

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '@chan/testkit'
import { startDemo } from '../src/server.js'
import { gather } from '../test/conversation.js'

const path = fileURLToPath(new URL('../../../docs/screenshot.png', import.meta.url))
const demo = await startDemo({ port: 0, host: '127.0.0.1' })
const browser = await launchChromium()
const page = await browser.newPage({
  viewport: { width: 1200, height: 760 },
  colorScheme: 'light',
  locale: 'en-GB',
})
const conversation = await gather(demo)
await page.goto(`${demo.url}/chat/?room=general&user=maya`)
await page.locator('#members', { hasText: 'maya' }).waitFor()
await conversation.talk()
await page.locator('.message', { hasText: 'Lunch is on me' }).waitFor()
await conversation.showTyping(page)
await mkdir(dirname(path), { recursive: true })
await page.screenshot({ path })
await browser.close()
await conversation.end()
await demo.close()
console.log(path)
