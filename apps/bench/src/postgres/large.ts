// Bodies that no NOTIFY can carry, against the peer.

import type { Bench } from '../bench.js'
import { againstPeer } from './against-peer.js'
import type { PostgresContext } from './context.js'

/** 40 MB: a layer holds at most 64 MiB that wait. */
const WINDOW = 2_000

export const large: Bench<PostgresContext> = {
  name: 'large',
  title: '20 kB messages, durable, against Socket.IO 4.8 with @socket.io/postgres-adapter',
  run: (context) =>
    againstPeer(context, {
      pairs: context.full ? 5 : 3,
      shape: { size: 20_000, window: WINDOW },
      ours: { messages: context.full ? 20_000 : 4_000 },
      theirs: { messages: context.full ? 3_000 : 800 },
      wanted: 5,
    }),
}
