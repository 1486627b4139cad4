// Connections of one router without a router: real ones, on fake sockets, with every write noted.

import { ManualClock } from '@chan/core/testing'
import { Connection } from '../src/connection/connection.js'
import { Home } from '../src/connection/home.js'
import {
  type ConnectionLimits,
  resolveDurations,
  resolveLimits,
  type SocketDurations,
} from '../src/connection/limits.js'
import type { Bundle } from '../src/port/bundle.js'
import type { Socket } from '../src/port/port.js'
import { FakeSocket } from './fake-socket.js'

export interface SceneOptions {
  readonly limits?: Partial<ConnectionLimits>
  readonly durations?: Partial<SocketDurations>
  /** Frames are sent one by one, at once. */
  readonly alone?: boolean
}

export function scene({ limits = {}, durations = {}, alone = false }: SceneOptions = {}) {
  const clock = new ManualClock()
  const writes: { readonly bundle: Bundle; readonly to: readonly Socket[] }[] = []
  const fanOut = {
    write(bundle: Bundle, to: readonly Socket[]) {
      writes.push({ bundle, to: [...to] })
      for (const socket of to) for (const { text } of bundle.frames) socket.send(text)
    },
  }
  const home = new Home(clock, resolveDurations(durations), alone ? undefined : fanOut)
  let number = 0
  const connect = () => {
    const socket = new FakeSocket()
    const connection = new Connection(++number, socket, resolveLimits(limits), home)
    /** What was sent: the data of messages, other frames as they are. */
    const data = () =>
      socket.sent.map((text) => {
        const frame = text.startsWith('{') ? JSON.parse(text) : {}
        return 'data' in frame ? frame.data : text
      })
    /** The peer reads what waits, or so much of it. */
    const read = (bytes?: number) => {
      socket.read(bytes)
      connection.drain()
    }
    return { socket, connection, data, read }
  }
  /** The turn of the event loop is over: what it brought is written. */
  const turnOver = () => new Promise<void>((resolve) => clock.nextTurn(resolve))
  return { clock, home, writes, connect, turnOver }
}
