// The quickstart of the README, run as it is; only its port is moved.

import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js'
import { waitFor } from '@chan/testkit'
import { describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { skipReason, uws } from './native.js'

describe.skipIf(skipReason)('the quickstart', () => {
  test('serves a chat, and closes in the order it shows', async () => {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    const module = (uws() as unknown as { default: ReturnType<typeof uws> }).default
    let port = 0
    let isOpen = false
    const { App } = module
    // An argument that is undefined would end the process.
    vi.spyOn(module, 'App').mockImplementation((...options) => {
      const app = App(...options)
      const { close } = app
      const listen = app.listen.bind(app) as (...args: unknown[]) => TemplatedApp
      app.listen = (...args: unknown[]) =>
        listen('127.0.0.1', 0, (socket: us_listen_socket | false) => {
          if (socket) port = module.us_socket_local_port(socket)
          isOpen = true
          const done = args.at(-1) as (socket: us_listen_socket | false) => void
          done(socket)
        })
      app.close = () => {
        isOpen = false
        return close.call(app)
      }
      return app
    })
    const before = new Set(process.listeners('SIGINT'))

    await import('snippet:../README.md#ts-1')

    await waitFor(() => printed.mock.calls.length > 0, { label: 'the start-up line' })
    const alice = new WebSocket(`ws://127.0.0.1:${port}/ws/chat/general?user=alice`)
    const received: string[] = []
    alice.on('message', (text) => received.push(String(text)))
    const closed = new Promise((resolve) => alice.on('close', resolve))
    alice.on('open', () => alice.send(JSON.stringify({ text: 'hello' })))
    await waitFor(() => received.length === 1, { label: 'the echo' })
    expect(JSON.parse(received[0] ?? '')).toMatchObject({
      channel: 'chat:general',
      data: { text: 'hello' },
      sender: 'alice',
      offset: 1,
    })

    const [interrupt] = process.listeners('SIGINT').filter((listener) => !before.has(listener))
    interrupt?.('SIGINT')
    expect(await closed).toBe(1012)
    await waitFor(() => !isOpen, { label: 'the app to close' })
  })
})
