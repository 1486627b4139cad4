// What most benchmarks here run through: publishers in processes of their own, a subscriber in
// another, PostgreSQL between them.

import { runSql, startWorker, type TestDatabase, type Worker } from '@chan/testkit'
import { describeHotSpots, type HotSpot } from '../measure/profile.js'
import { callEach } from './call-each.js'
import { newDatabase, type PostgresContext } from './context.js'
import { CostMeter } from './cost.js'
import { type Load, type Measured, type Shape, setupOf, USUAL } from './shape.js'
import type { Plan, Published } from './workers/publisher.js'
import type { Received } from './workers/subscriber.js'

/** Messages of each publisher before anything is measured: code is compiled, channels have rows. */
const WARM_UP = { chan: 5_000, 'socket.io': 1_000 }

export class TwoProcesses {
  readonly databaseUrl: string
  readonly subscriber: Worker
  readonly publishers: readonly Worker[]
  readonly #context: PostgresContext
  readonly #database: TestDatabase
  readonly #shape: Required<Shape>

  private constructor(
    context: PostgresContext,
    database: TestDatabase,
    shape: Required<Shape>,
    [subscriber, ...publishers]: readonly Worker[],
  ) {
    this.databaseUrl = database.url
    this.subscriber = subscriber as Worker
    this.publishers = publishers
    this.#context = context
    this.#database = database
    this.#shape = shape
  }

  /** On a database of its own, warmed up. */
  static async start(context: PostgresContext, partial: Shape = {}): Promise<TwoProcesses> {
    const shape = { ...USUAL, ...partial }
    const database = await newDatabase(context)
    const workers: Worker[] = []
    const start = async (entry: URL, publisher?: number) => {
      const setup = setupOf(shape, database.url, publisher, context.profileFolder)
      workers.push(await startWorker(entry, { args: [JSON.stringify(setup)] }))
    }
    try {
      await start(new URL('./workers/subscriber.ts', import.meta.url))
      for (let publisher = 0; publisher < shape.publishers; publisher++) {
        await start(new URL('./workers/publisher.ts', import.meta.url), publisher)
      }
      const processes = new TwoProcesses(context, database, shape, workers)
      const each = Math.max(WARM_UP[shape.via], shape.channels)
      await processes.#run({ messages: each * shape.publishers })
      // What was left to be written is not written at the cost of what is measured.
      await runSql(database.url, 'checkpoint')
      return processes
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.kill()))
      await database.drop()
      throw error
    }
  }

  /** Runs a load and says how it went. Throws where messages went astray, unless they are the peer's. */
  async measure(load: Load): Promise<Measured> {
    const { profileFolder, serverPid } = this.#context
    const profiled = profileFolder ? [this.subscriber, ...this.publishers.slice(0, 1)] : []
    await callEach(profiled, 'startProfile')
    const meter = new CostMeter(this.publishers, this.subscriber, serverPid)
    await meter.start()
    const { beganAt, received } = await this.#run(load)
    const cost = await meter.stop(load.messages)
    for (const spots of await callEach<HotSpot[]>(profiled, 'stopProfile')) {
      this.#context.tell(describeHotSpots(spots))
    }
    const { messages, expected, endedAt, outOfOrder, latency } = received
    const seconds = (endedAt - beganAt) / 1e6
    const lost = expected - messages
    if (this.#shape.via === 'chan') await this.#assertSound(lost, outOfOrder)
    return { messages, perSecond: messages / seconds, seconds, latency, cost, outOfOrder, lost }
  }

  /** Ends the processes and drops the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.subscriber, ...this.publishers].map((worker) => worker.kill()))
    await this.#database.drop()
  }

  async #run({ messages, rate = 0 }: Load) {
    const share = this.publishers.length
    const plan: Plan = {
      messages: Math.ceil(messages / share),
      window: Math.floor(this.#shape.window / share),
      rate: rate / share,
    }
    await this.subscriber.call('expect', plan.messages * share)
    const receiving = this.subscriber.call<Received>('received')
    // Heard below, unless publishing fails first.
    receiving.catch(() => {})
    const published = await callEach<Published>(this.publishers, 'run', plan)
    const beganAt = Math.min(...published.map(({ beganAt }) => beganAt))
    return { beganAt, received: await receiving }
  }

  async #assertSound(lost: number, outOfOrder: number): Promise<void> {
    const { errors } = await this.subscriber.call<{ errors: string[] }>('stats')
    if (outOfOrder === 0 && lost === 0 && errors.length === 0) return
    const said = errors.slice(0, 3).join('; ') || 'nothing'
    throw new Error(
      `Messages went astray: ${lost} lost, ${outOfOrder} out of order; the subscriber reported ${said}`,
    )
  }
}
