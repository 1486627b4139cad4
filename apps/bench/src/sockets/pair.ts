// What most benchmarks here run through: a server in a process of its own, its sockets in another.

import { startWorker, type Worker } from '@chan/testkit'
import { describeHotSpots, type HotSpot } from '../measure/profile.js'
import type { Received } from './client/tally.js'
import type { SocketsContext } from './context.js'
import { assertAllOpen, openSockets, startLoad } from './load.js'
import { OthersMeter } from './others-meter.js'
import type { Plan, Published } from './servers/publisher.js'
import { type Load, type Measured, roomNames, type Shape, windowFor } from './shape.js'
import { entryOf, protocolOf } from './variants.js'

/** Of an unpadded message, nearly. */
const MESSAGE_BYTES = 136
const SAMPLED = 10

export class Pair {
  readonly server: Worker
  readonly client: Worker
  readonly #context: SocketsContext
  readonly #shape: Shape

  private constructor(context: SocketsContext, shape: Shape, server: Worker, client: Worker) {
    this.server = server
    this.client = client
    this.#context = context
    this.#shape = shape
    client.on('acked', (deliveries: number) => {
      server.call('acked', deliveries).catch(() => {})
    })
  }

  /** With all sockets open. */
  static async start(context: SocketsContext, shape: Shape): Promise<Pair> {
    const workers: Worker[] = []
    try {
      const server = await startWorker(entryOf(shape.variant))
      workers.push(server)
      const client = await startLoad()
      workers.push(client)
      const plan = {
        protocol: protocolOf(shape.variant),
        sockets: shape.sockets,
        rooms: roomNames(shape.rooms ?? 1),
        sampled: shape.sampled ?? SAMPLED,
      }
      assertAllOpen(await openSockets(client, server, plan))
      return new Pair(context, shape, server, client)
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.kill()))
      throw error
    }
  }

  /**
   * Publishes from the server to all sockets and says how it went. Throws where deliveries are lost.
   */
  async measure(load: Load): Promise<Measured> {
    const { profileFolder } = this.#context
    if (profileFolder) await this.server.call('startProfile')
    const others = new OthersMeter([this.server.pid, this.client.pid])
    const { published, received } = await this.run(load)
    const busyOthers = others.stop()
    if (profileFolder) await this.#tellProfile()
    const { deliveries, bytes, endedAt, latency } = received
    return {
      deliveries,
      perSecond: (deliveries * 1e6) / (endedAt - published.beganAt),
      bytes: bytes / deliveries,
      cpu: published.cpu / deliveries,
      latency,
      rss: published.rss,
      others: busyOthers,
    }
  }

  /** The same without a look at the machine, for what is not measured: code is compiled by it. */
  async run(load: Load): Promise<{ published: Published; received: Received }> {
    const { sockets } = this.#shape
    const { deliveries, perTurn, room = 'room', receivers = sockets, padding = 0 } = load
    const perRound = perTurn * receivers
    const turns = Math.ceil(deliveries / perRound)
    const window = windowFor(receivers, perTurn, MESSAGE_BYTES + padding)
    const pad = 'x'.repeat(padding)
    const plan: Plan = { room, turns, perTurn, receivers, window, pad }
    await this.client.call('expect', turns * perRound, Math.floor(window / 2) * perRound)
    const [received, published] = await Promise.all([
      // Rejects when nothing comes any more, and so ends our waiting for the publisher.
      this.client.call<Received>('received'),
      this.server.call<Published>('run', plan),
    ])
    await this.assertSound(received, turns * perRound)
    return { published, received }
  }

  /** Throws where something was lost, or came that was not expected. */
  async assertSound({ deliveries, closed }: Received, expected: number): Promise<void> {
    const errors = await this.server.call<string[]>('errors')
    if (deliveries === expected && closed === 0 && errors.length === 0) return
    const said = errors.slice(0, 3).join('; ') || 'nothing'
    throw new Error(
      `${deliveries} of ${expected} deliveries came, ${closed} sockets were closed; the server reported ${said}`,
    )
  }

  /** The server first: where it ends the connections, no port of the client's has to wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill()
    await this.client.kill()
  }

  async #tellProfile(): Promise<void> {
    const name = `${this.#shape.variant.replace(/\W/g, '-')}-${this.server.pid}`
    const spots = await this.server.call<HotSpot[]>(
      'stopProfile',
      this.#context.profileFolder,
      name,
    )
    this.#context.tell(`${this.#shape.variant}, ${describeHotSpots(spots)}`)
  }
}
