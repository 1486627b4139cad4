// permessage-deflate: negotiated only where the server wants it, and then right to the byte.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InMemoryChannelLayer } from '@chan/memory'
import { waitFor } from '@chan/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { attachSockets, type SocketOptions, websocketChannelHandler } from '../src/index.js'

async function connected(options: SocketOptions) {
  const layer = new InMemoryChannelLayer()
  const server = createServer()
  const sockets = attachSockets(server, options)
  sockets.route('/ws', (socket) => websocketChannelHandler(socket, layer.channel('c')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`)
  const received: unknown[] = []
  client.on('message', (text) => received.push(JSON.parse(String(text)).data))
  onTestFinished(async () => {
    client.terminate()
    await sockets.close()
    server.close()
    await layer.disconnect()
  })
  const channel = layer.channel('c')
  await waitFor(() => channel.localSubscriberCount === 1 && client.readyState === WebSocket.OPEN)
  return { client, channel, received }
}

const texts = ['short', 'é'.repeat(5_000), 'long '.repeat(10_000), 'short again']

test('off by default, whatever the client offers', async () => {
  const { client, channel, received } = await connected({})
  expect(client.extensions).toBe('')
  for (const text of texts) await channel.publish(text)
  await waitFor(() => received.length === texts.length)
  expect(received).toEqual(texts)
})

test('on: fewer bytes, the same messages in the same order', async () => {
  const { client, channel, received } = await connected({ perMessageDeflate: true })
  expect(client.extensions).toContain('permessage-deflate')
  const { _socket: raw } = client as unknown as { _socket: { bytesRead: number } }
  const before = raw.bytesRead
  await Promise.all(texts.map((text) => channel.publish(text)))
  await waitFor(() => received.length === texts.length)
  expect(received).toEqual(texts)
  expect(raw.bytesRead - before).toBeLessThan(5_000)
})
