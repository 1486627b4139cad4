// Opens a headless Chromium for browser tests: CHROME_BIN, else the one inside @sparticuz/chromium
// (Linux x64), else an installed Chrome. Nothing is downloaded at test time.
import type { Browser, LaunchOptions } from 'playwright-core'
import { unpackChromium } from './unpack-chromium.js'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The caller closes it: `await browser.close()`. Options are playwright's, laid over ours. */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  // Loaded late, so that tests without a browser do not pay for it.
  const { chromium } = await import('playwright-core')
  const { args = [], ...rest } = options
  const choice = await chooseBrowser()
  try {
    return await chromium.launch({ headless: true, ...choice, ...rest, args: [...ARGS, ...args] })
  } catch (cause) {
    if (!('channel' in choice)) throw cause
    throw new Error(
      `No browser for tests on ${process.platform} ${process.arch}: install Google Chrome, ` +
        'or set CHROME_BIN to the path of a Chromium.',
      { cause },
    )
  }
}

async function chooseBrowser(): Promise<LaunchOptions> {
  const { CHROME_BIN } = process.env
  if (CHROME_BIN) return { executablePath: CHROME_BIN }
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome' }
  const { executablePath, env } = await unpackChromium()
  return { executablePath, env: { ...(process.env as Record<string, string>), ...env } }
}
