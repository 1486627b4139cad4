// The quickstart of the README, run as it is; only its port is moved.

import type { us_listen_socket } from 'uWebSockets.js'
import { waitFor } from '@chan/testkit'
import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { skipReason, uws } from './native.js'

test.skipIf(skipReason)(
  `the quickstart serves a chat, and closes in the order it shows${skipReason ? `: ${skipReason}` : ''}`,
  async () => {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    const { App, us_socket_local_port } = uws()
    let port = 0
    vi.doMock('uWebSockets.js', () => ({
      default: {
        App: () => {
          const app = App()
          const { listen } = app
          app.listen = ((_port: number, done: (socket: unknown) => void) =>
            Reflect.apply(listen, app, [
              '127.0.0.1',
              0,
              (socket: us_listen_socket | false) => {
                if (socket) port = us_socket_local_port(socket)
                done(socket)
              },
            ])) as typeof app.listen
          return app
        },
      },
    }))
    const before = new Set(process.listeners('SIGINT'))

    await import('snippet:../README.md#ts-1')

    await waitFor(() => port > 0 && printed.mock.calls.length > 0, { label: 'the start-up line' })
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
    await waitFor(() => isRefused(port), { label: 'the app to close' })
  },
)

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const late = new WebSocket(`ws://127.0.0.1:${port}/`)
    late.on('open', () => resolve(false))
    late.on('error', (error) => resolve(String(error).includes('ECONNREFUSED')))
  })
}
