// A real page in a real browser, served over HTTP.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../src/index.js'

const page = `<!doctype html><button onclick="this.textContent = 'clicked'">Click me</button>`
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html').end(page)
})

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => server.close())

test('opens a page and clicks a button', { timeout: 60_000 }, async () => {
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await tab.getByRole('button').click()
    expect(await tab.getByRole('button').textContent()).toBe('clicked')
    expect(browser.contexts()).toHaveLength(1)
  } finally {
    await browser.close()
  }
})
