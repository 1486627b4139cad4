// The servers that are compared: what each is, and the process that runs it.

/** `bare ws` and `bare uws` are the servers of two baselines, when they only hold connections. */
export type Variant =
  | 'chan ws'
  | 'chan uws'
  | 'socket.io'
  | 'ws-single'
  | 'ws-turn'
  | 'ws-loop'
  | 'ws-rooms'
  | 'uws-publish'
  | 'uws-cork'
  | 'uws-rooms'

export type Protocol = 'websocket' | 'socket.io'

const FILES: Readonly<Record<Variant, string>> = {
  'chan ws': './servers/chan-ws.ts',
  'chan uws': './servers/chan-uws.ts',
  'socket.io': './servers/socket-io.ts',
  'ws-single': './baselines/ws-single.ts',
  'ws-turn': './baselines/ws-turn.ts',
  'ws-loop': './baselines/ws-loop.ts',
  'ws-rooms': './baselines/ws-rooms.ts',
  'uws-publish': './baselines/uws-publish.ts',
  'uws-cork': './baselines/uws-cork.ts',
  'uws-rooms': './baselines/uws-rooms.ts',
}

/** Those that need a native module, which does not load everywhere. */
export const NATIVE: readonly Variant[] = ['chan uws', 'uws-publish', 'uws-cork', 'uws-rooms']

export function entryOf(variant: Variant): URL {
  return new URL(FILES[variant], import.meta.url)
}

export function protocolOf(variant: Variant): Protocol {
  return variant === 'socket.io' ? 'socket.io' : 'websocket'
}
