// Sockets on uWebSockets.js: an app of its own, on a port beside the pages', open to these pages.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Adapter } from './adapter.js'
import { pageOrigins } from './page-origins.js'
import { type ListenSocket, loadUws } from './uws-module.js'

/** @throws {UwsUnavailable} */
export async function loadUwsAdapter(port: number): Promise<Adapter> {
  const uWS = await loadUws()
  const { attachSockets } = await import('@chan/uws')
  return (pages, host) => {
    const address = pages.address() as AddressInfo
    const app = uWS.App()
    const router = attachSockets(app, { origins: pageOrigins(host, address) })
    let ownPort: number | undefined
    return {
      router,
      get ownPort() {
        return ownPort
      },
      async listen() {
        const listening = await new Promise<ListenSocket | false>((done) => {
          // Otherwise a second demo would take half of this one's connections, unnoticed.
          const exclusively = uWS.LIBUS_LISTEN_EXCLUSIVE_PORT
          app.listen(address.address, port, exclusively, done)
        })
        if (!listening) throw await whyNot(address.address, port)
        ownPort = uWS.us_socket_local_port(listening)
      },
      close: () => void app.close(),
    }
  }
}

/** uWebSockets.js says only that it cannot listen; Node says why. */
async function whyNot(host: string, port: number): Promise<unknown> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    server.close()
    return new Error(`uWebSockets.js cannot listen on port ${port} of ${host}.`)
  } catch (error) {
    return error
  }
}
