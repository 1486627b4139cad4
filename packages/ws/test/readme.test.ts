// The quickstart of the README, run as it is; only its port is moved.

import { type AddressInfo, Server } from 'node:net'
import { quickstartVisitor, waitFor } from '@chan/testkit'
import { expect, test, vi } from 'vitest'

test('the quickstart serves a chat, and closes in the order it shows', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
  const servers: Server[] = []
  const { listen } = Server.prototype
  vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args) {
    servers.push(this)
    const done = args.find((arg): arg is () => void => typeof arg === 'function')
    return Reflect.apply(listen, this, [0, '127.0.0.1', ...(done ? [done] : [])])
  })
  const visit = quickstartVisitor()

  await import('snippet:../README.md#ts-1')

  await waitFor(() => printed.mock.calls.length > 0, { label: 'the start-up line' })
  const [server] = servers
  if (!server) throw new Error('the quickstart did not listen')
  const { port } = server.address() as AddressInfo
  const { echo, closeCode } = await visit(port)
  expect(echo).toMatchObject({
    channel: 'chat:general',
    data: { text: 'hello' },
    sender: 'alice',
    offset: 1,
  })
  expect(closeCode).toBe(1012)
  await waitFor(() => !server.listening, { label: 'the server to close' })
})
