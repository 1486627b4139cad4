// A socket that uWS closes while it completes the handshake: nobody hears of it.

import type { SocketGate } from '@chan/sockets'
import { expect, test } from 'vitest'
import type { UwsRequest, UwsResponse } from '../src/app.js'
import { upgrade } from '../src/upgrade.js'
import type { UwsSocket } from '../src/uws-socket.js'
import { FakeWs } from './fake-uws.js'

const headers = {
  connection: 'keep-alive, Upgrade',
  upgrade: 'WebSocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
const request = {
  getUrl: () => '/ours',
  getQuery: () => undefined,
  getHeader: (name: keyof typeof headers) => headers[name],
  forEach: (each: (name: string, value: string) => void) => {
    for (const [name, value] of Object.entries(headers)) each(name, value)
  },
} as unknown as UwsRequest

test.each([
  ['stays open', false, 1],
  ['closes at once', true, 0],
])('a socket that %s', async (_what, closes, expected) => {
  let socket: UwsSocket | undefined
  const response = {
    getRemoteAddress: () => new ArrayBuffer(4),
    onAborted: () => {},
    cork: (write: () => void) => {
      write()
      if (closes) socket?.closed({ code: 1006, reason: '' })
    },
    upgrade: (data: { socket: UwsSocket }) => {
      socket = data.socket
      socket.opened(new FakeWs())
    },
  } as unknown as UwsResponse
  let opened = 0
  const gate = {
    matches: () => true,
    admit: async (admitted: unknown) => ({ refused: false, request: admitted }),
    open: () => {
      opened++
      return {}
    },
  } as unknown as SocketGate
  upgrade(gate, { secure: false, deflates: false }, response, request, {})
  await new Promise((resolve) => setImmediate(resolve))
  expect(opened).toBe(expected)
  expect(socket?.isOpen).toBe(!closes)
})
