// The quickstart of the README, run as it is; only its port is moved.

import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js'
import { quickstartVisitor, waitFor } from '@chan/testkit'
import { describe, expect, test, vi } from 'vitest'
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
    const visit = quickstartVisitor()

    await import('snippet:../README.md#ts-1')

    await waitFor(() => printed.mock.calls.length > 0, { label: 'the start-up line' })
    const { echo, closeCode } = await visit(port)
    expect(echo).toMatchObject({
      channel: 'chat:general',
      data: { text: 'hello' },
      sender: 'alice',
      offset: 1,
    })
    expect(closeCode).toBe(1012)
    await waitFor(() => !isOpen, { label: 'the app to close' })
  })
})
