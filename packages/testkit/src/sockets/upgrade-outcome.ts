// What becomes of an upgrade.

import { type ClientOptions, WebSocket } from 'ws'

/** The status of the answer to an upgrade, or `open`; the socket is dropped then. */
export function upgradeOutcome(url: string, options: ClientOptions = {}): Promise<number | 'open'> {
  const client = new WebSocket(url, options)
  return new Promise((resolve, reject) => {
    client.on('open', () => {
      resolve('open')
      client.terminate()
    })
    client.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    client.on('error', reject)
  })
}
