// The quickstart of the repository's README, run as it stands: the server's lines in this process, on
// a free port, the browser's lines in a real browser on a page of that server.

import { type AddressInfo, Server } from 'node:net'
import { readSnippet } from '@chan/testkit'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { useBrowser } from './browser.js'

const README = new URL('../../../README.md', import.meta.url)
const servers: Server[] = []

afterEach(() => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) server.close()
})

/** Lines a reader types: neither imports nor blank ones. */
function linesOf(name: string): string[] {
  const lines = readSnippet(README, name).split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('import '))
}

describe('README quickstart', () => {
  const visitors = useBrowser()

  test('is short: at most 5 lines a side, 100 columns', () => {
    for (const name of ['server', 'browser']) {
      const lines = linesOf(name)
      expect(lines.length, name).toBeLessThanOrEqual(5)
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
    }
  })

  test('a browser hears what it says, with its name on it', async () => {
    const listen = Server.prototype.listen
    const listening = new Promise<number>((resolve) => {
      vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
        servers.push(this)
        this.once('listening', () => resolve((this.address() as AddressInfo).port))
        return Reflect.apply(listen, this, [0, '127.0.0.1'])
      })
    })
    await import('snippet:../../../README.md#server')
    const page = await visitors.visit(`http://127.0.0.1:${await listening}/`)
    // A logged object's text is only a preview of it.
    const said = page.waitForEvent('console', (entry) => entry.text().includes('lobby'))
    await page.evaluate(readSnippet(README, 'browser'))
    const [message] = await Promise.all((await said).args().map((value) => value.jsonValue()))
    expect(message).toMatchObject({
      channel: 'lobby',
      data: { text: 'Hello!' },
      sender: 'alice',
      offset: 1,
    })
  })

  test('channels on the server', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    await import('snippet:../../../README.md#channels')
    expect(log.mock.calls[0]).toEqual(['#1: order 1'])
    expect(log.mock.calls[1]?.[0]).toMatchObject([{ channel: 'orders', sender: 'shop', offset: 1 }])
  })
})
