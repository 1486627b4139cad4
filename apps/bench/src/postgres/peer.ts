// Small messages against Socket.IO with its PostgreSQL adapter.

import type { Bench } from '../bench.js'
import { againstPeer } from './against-peer.js'
import type { PostgresContext } from './context.js'

export const peer: Bench<PostgresContext> = {
  name: 'peer',
  title: '100-byte messages, durable, against Socket.IO 4.8 with @socket.io/postgres-adapter',
  run: (context) =>
    againstPeer(context, {
      pairs: context.full ? 5 : 3,
      shape: { size: 100 },
      ours: { messages: context.full ? 200_000 : 40_000 },
      theirs: { messages: context.full ? 20_000 : 6_000 },
      wanted: 8,
    }),
}
