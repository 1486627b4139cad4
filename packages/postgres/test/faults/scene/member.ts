// A process of the scene: a layer that publishes, listens and is present, as it is told.
import { serveWorker } from '@chan/testkit/worker'
import { isChanError, PgChannelLayer, type PgLayerOptions } from '../../../src/index.js'
import { Lateness } from '../../timing/lateness.js'
import { Crowd } from './crowd.js'
import { Ears } from './ears.js'
import { Load, type LoadOptions } from './load.js'

export interface MemberOptions {
  readonly name: string
  readonly layer: PgLayerOptions
  /** Channels that name a limit of their own. */
  readonly histories?: Readonly<Record<string, number>>
}

void serveWorker(async () => {
  const {
    name,
    layer: options,
    histories = {},
  } = JSON.parse(process.argv[2] as string) as MemberOptions
  const reported: string[] = []
  const statuses: string[] = []
  const layer = new PgChannelLayer({
    ...options,
    onError: (error) => {
      reported.push(isChanError(error) ? error.code : String((error as Error).stack ?? error))
    },
  })
  layer.onStatus(({ state }) => statuses.push(state))
  await layer.connect()
  for (const [channel, maxHistory] of Object.entries(histories)) {
    layer.channel(channel, { maxHistory })
  }
  const lateness = Lateness.watch()
  const ears = new Ears(layer)
  const load = new Load(layer, name)
  const crowd = new Crowd(layer)
  return {
    listen: (channels: readonly string[]) => ears.listen(channels),
    start: (load_: LoadOptions) => load.start(load_),
    stop: (retries: boolean) => load.stop(retries),
    mark: () => load.mark(),
    position: (channel: string) => ears.position(channel),
    hasReached: ears.hasReached.bind(ears),
    progress: () => ({ settled: load.settled, heard: ears.count, heardIn: ears.channels }),
    record: () => ({
      attempts: load.attempts,
      heard: ears.heard,
      damaged: ears.damaged,
      slowestMs: load.slowestMs,
      latenessMs: load.latenessMs,
      reported,
      statuses,
      stats: layer.stats(),
    }),
    history: async (channel: string) => {
      const messages = await layer.channel(channel).history()
      return messages.map(({ epoch, offset, sender, data }) => ({
        epoch,
        offset,
        publisher: sender,
        seq: (data as { seq: number }).seq,
      }))
    },
    whisper: (times: number) => whisper(layer, times),
    observe: (channels: readonly string[]) => crowd.observe(channels),
    join: crowd.join.bind(crowd),
    connect: crowd.connect.bind(crowd),
    hangUp: () => crowd.disconnect(),
    churn: crowd.churn.bind(crowd),
    calm: () => crowd.calm(),
    present: (channels: readonly string[]) => crowd.list(channels),
    notices: () => crowd.notices,
    lateness: () => lateness.totalMs,
    publishAndDie: async (channel: string, count: number, afterMs: number) => {
      const end = performance.now() + afterMs
      for (let n = 0; n < count; n++) {
        layer
          .channel(channel)
          .publish(`${name} ${n}`)
          .catch(() => {})
      }
      // Not a timer, which would be milliseconds late.
      while (performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => {})
    },
    commitAndDie: async (channel: string, count: number) => {
      await layer.transaction(async (tx) => {
        for (let n = 0; n < count; n++) await layer.channel(channel).publish(n, { tx })
      })
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => {})
    },
    disconnect: () => layer.disconnect(),
  }
})

/** Publishes ephemeral messages; resolves when this process has heard them all. */
async function whisper(layer: PgChannelLayer, times: number): Promise<void> {
  const channel = layer.channel('plain')
  let heard = 0
  let all = () => {}
  const done = new Promise<void>((resolve) => {
    all = resolve
  })
  const subscription = await channel.subscribe(() => ++heard === times && all(), {
    filterFn: ({ data }) => data === 'whisper',
  })
  for (let time = 0; time < times; time++) await channel.publish('whisper', { ephemeral: true })
  await done
  await subscription.unsubscribe()
}
