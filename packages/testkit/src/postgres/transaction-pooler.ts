// A pooler in transaction mode, as PgBouncer is one: what a session keeps, LISTEN, locks, prepared
// statements, settings, is not there in the next transaction.
import { type AddressInfo, createServer } from 'node:net'
import { PooledServer } from './pooled-server.js'
import { PoolerClient } from './pooler-client.js'
import { ServerPool } from './server-pool.js'

export interface PoolerOptions {
  /** Connections to the server per user and database. Default 2, used in turn. */
  readonly size?: number
  /** Startup parameters to accept and forget, such as `options`. Others refuse the client. */
  readonly ignoreStartupParameters?: readonly string[]
}

export interface TransactionPooler {
  /** The server's address, by way of the pooler. */
  readonly url: string
  readonly port: number
  /** Ends all connections on both sides. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Puts a pooler before a server that trusts 127.0.0.1, as those of `startPostgres` do. */
export async function startTransactionPooler(
  serverUrl: string,
  { size = 2, ignoreStartupParameters = [] }: PoolerOptions = {},
): Promise<TransactionPooler> {
  const url = new URL(serverUrl)
  const serverPort = Number(url.port || 5432)
  const pools = new Map<string, ServerPool>()
  const clients = new Set<PoolerClient>()
  const poolFor = (user: string, database: string) => {
    const key = JSON.stringify([user, database])
    const pool =
      pools.get(key) ?? new ServerPool(size, () => PooledServer.open(serverPort, user, database))
    pools.set(key, pool)
    return pool
  }
  const listener = createServer((socket) => {
    const client = new PoolerClient(socket, { poolFor, ignored: new Set(ignoreStartupParameters) })
    clients.add(client)
    socket.once('close', () => clients.delete(client))
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = listener.address() as AddressInfo
  url.port = String(port)
  const close = async () => {
    const closed = new Promise((resolve) => listener.close(resolve))
    for (const { socket } of clients) socket.destroy()
    for (const pool of pools.values()) pool.close()
    await closed
  }
  return { url: url.href, port, close, [Symbol.asyncDispose]: close }
}
