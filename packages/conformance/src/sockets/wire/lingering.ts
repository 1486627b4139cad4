// Peers that end a connection, or spoil it, and do not go.

import type { Case, Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { RawClient } from '../raw-client.js'
import type { SocketScene } from '../scene.js'

export const lingering: Topic<SocketScene> = {
  name: 'peers that stay',
  cases: [
    staying('sent its close frame', 1000, (client) => client.close(1000)),
    staying('sent bad UTF-8', 1007, (client) => client.send(Buffer.from([0xff, 0xfe]))),
    staying('sent an unmasked frame', 1002, (client) => client.send('x', { masked: false })),
  ],
}

function staying(
  what: string,
  code: number,
  spoil: (client: RawClient) => void,
): Case<SocketScene> {
  return {
    title: `a peer that ${what} and keeps the connection is gone after closeTimeoutMs`,
    async run({ bridge, enter, layer, expect }) {
      const server = await bridge({ groups: ['all'] }, { closeTimeoutMs: 100 })
      const client = await enter(server, '/ws/general?user=alice')
      expect(await layer.channel('general').presenceCount()).toBe(1)
      spoil(client)
      // Whoever does not read does not see the server's end either.
      client.socket.pause()
      await until('the end', () => server.results.length === 1)
      expect(server.results[0]?.code).toBe(code)
      expect(await layer.channel('general').presence()).toEqual([])
      expect(await layer.group('all').size()).toBe(0)
      expect(server.router.size).toBe(0)
    },
  }
}
