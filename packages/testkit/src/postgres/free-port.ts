// A TCP port that stays ours over a restart of the server: below the range that the system gives to
// outgoing connections, where a client that dials a server that is down may even meet itself.
import { createServer } from 'node:net'

const LOWEST = 15_000
const HIGHEST = 32_000

export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
