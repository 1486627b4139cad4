// One headless browser per test file; every visitor gets a profile of their own.

import { launchChromium } from '@chan/testkit'
import { afterAll, beforeAll, expect } from 'vitest'

type Browser = Awaited<ReturnType<typeof launchChromium>>
export type Page = Awaited<ReturnType<Browser['newPage']>>
type Visit = Parameters<Browser['newContext']>[0]

const LAUNCH_MS = 60_000

export interface Visitors {
  /** Opens an address as somebody new. */
  visit(address: string, options?: Visit): Promise<Page>
}

/** Scripts that throw and content that the page's own policy blocks fail the file. */
export function useBrowser(): Visitors {
  let browser: Browser | undefined
  const complaints: string[] = []
  beforeAll(async () => {
    browser = await launchChromium()
  }, LAUNCH_MS)
  afterAll(async () => {
    await browser?.close()
    expect(complaints).toEqual([])
  })
  return {
    async visit(address, options) {
      const context = await browser?.newContext({ locale: 'en-GB', ...options })
      if (!context) throw new Error('the browser is not running yet')
      const page = await context.newPage()
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (entry) => {
        if (/Content Security Policy|404/.test(entry.text())) complaints.push(entry.text())
      })
      await page.goto(address)
      return page
    },
  }
}

/** Resolves when the page says that its socket is open. */
export async function connected(page: Page): Promise<void> {
  await page.locator('#status', { hasText: /^Connected$/ }).waitFor()
}
