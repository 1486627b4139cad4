// Subprotocols as a real browser takes them: it fails a connection whose offer is not answered.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launchChromium } from '@chan/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accept, attachSockets } from '../src/index.js'

type Browser = Awaited<ReturnType<typeof launchChromium>>

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>page</title>')
})
let browser: Browser | undefined
let origin = ''

beforeAll(async () => {
  const admit = () => accept({ protocol: 'chan.v1' })
  attachSockets(server)
    .route('/accepting', { admit }, (socket, { protocol }) => void socket.send(`${protocol}`))
    .route('/plain', (socket, { protocol }) => void socket.send(`${protocol}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await launchChromium()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  server.close()
  server.closeAllConnections()
})

/** What a page makes of `new WebSocket(url, protocols)`: its protocol and first message, or no opening. */
async function visit(path: string, protocols: string[]) {
  const page = await browser?.newPage()
  if (!page) throw new Error('the browser is not running')
  await page.goto(`http://${origin}/`)
  const seen = await page.evaluate(
    ([url, offered]) =>
      new Promise<unknown>((resolve) => {
        const socket = new WebSocket(url, offered)
        socket.onmessage = ({ data }) => resolve([socket.readyState, socket.protocol, data])
        socket.onclose = ({ code }) => resolve(code)
      }),
    [`ws://${origin}${path}`, protocols] as const,
  )
  await page.close()
  return seen
}

const OPEN = 1
const NEVER_OPENED = 1006

describe('a page that offers subprotocols', () => {
  test('opens with the one that the route accepts', async () => {
    expect(await visit('/accepting', ['chan.v1'])).toEqual([OPEN, 'chan.v1', 'chan.v1'])
    const several = ['chan.v2', 'chan.v1', 'other']
    expect(await visit('/accepting', several)).toEqual([OPEN, 'chan.v1', 'chan.v1'])
  })

  test('does not open where none is accepted; one that offers none does', async () => {
    expect(await visit('/plain', ['chan.v1'])).toBe(NEVER_OPENED)
    expect(await visit('/plain', [])).toEqual([OPEN, '', 'undefined'])
  })
})
