// The suite over sockets: its benchmarks, and which servers can run here.

import { startWorker } from '@chan/testkit'
import { type Choice, defineSuite, type Ground } from '../bench.js'
import { burst } from './burst.js'
import type { SocketsContext } from './context.js'
import { fanOut } from './fan-out.js'
import { flat } from './flat.js'
import { idle } from './idle.js'
import { mostSockets } from './most-sockets.js'
import { rooms } from './rooms.js'
import { stalled } from './stalled.js'
import { stalledCrowd } from './stalled-crowd.js'
import { entryOf, NATIVE, type Variant } from './variants.js'

export const sockets = defineSuite<SocketsContext>(
  'sockets',
  'WebSockets of one server process, with peers and servers by hand beside it',
  [fanOut, rooms, flat, idle, burst, stalled, stalledCrowd],
  open,
)

async function open({
  full,
  databaseUrl,
  profileFolder,
  tell,
}: Choice): Promise<Ground<SocketsContext>> {
  const missing = await findMissing()
  const most = mostSockets()
  return {
    context: { full, databaseUrl, profileFolder, missing, mostSockets: most, tell },
    facts: {
      'sockets per process': `at most ${most.toLocaleString('en')}`,
      'left out': [...missing.keys()].join(', ') || 'nothing',
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

/** What is native is tried; whatever else does not start fails its benchmark. */
async function findMissing(): Promise<Map<Variant, string>> {
  const missing = new Map<Variant, string>()
  for (const variant of NATIVE) {
    const why = await whyMissing(variant)
    if (why !== undefined) missing.set(variant, why)
  }
  return missing
}

async function whyMissing(variant: Variant): Promise<string | undefined> {
  try {
    const server = await startWorker(entryOf(variant))
    await server.kill()
    return undefined
  } catch (error) {
    return String(error).split('\n').slice(0, 2).join(' ')
  }
}
