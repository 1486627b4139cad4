// A process that receives: it checks every message's order and takes its age.

import { serveWorker } from '@chan/testkit/worker'
import { nowMicros } from '../../measure/clock.js'
import { OrderCheck } from '../../measure/numbered-message.js'
import { type Quantiles, quantilesOf } from '../../measure/numbers.js'
import { Profile } from '../../measure/profile.js'
import { readSetup } from './setup.js'
import { openWire } from './wire.js'

export interface Received {
  readonly expected: number
  readonly messages: number
  /** Duplicates among them. */
  readonly outOfOrder: number
  /** When the last one came, by `nowMicros`. */
  readonly endedAt: number
  /** From when a message was due to its callback, in milliseconds. */
  readonly latency: Quantiles
}

/** Milliseconds, in the order in which messages came. */
export type Ages = readonly number[]

/** With nothing coming for this long, the rest is taken for lost. */
const SILENCE_MS = 15_000

serveWorker(async () => {
  const setup = readSetup()
  const wire = await openWire(setup)
  const order = new OrderCheck(setup.publishers, setup.channels)
  let ages = new Float64Array(0)
  let outOfOrderBefore = 0
  let count = 0
  let endedAt = 0
  let done: (() => void) | undefined
  let profile: Profile | undefined

  await wire.subscribe((channel, message) => {
    order.take(message, channel)
    endedAt = nowMicros()
    ages[count++] = (endedAt - message.t) / 1000
    if (count === ages.length) done?.()
  })

  return {
    cpu: () => process.cpuUsage(),
    stats: () => wire.stats(),
    /** Messages since `expect`. */
    progress: () => count,
    startProfile: () => {
      profile = Profile.start()
    },
    stopProfile: () => profile?.stop(setup.profileFolder, `subscriber-${process.pid}`),

    /** Begins a run of so many messages. */
    expect: (messages: number) => {
      ages = new Float64Array(messages)
      count = 0
      outOfOrderBefore = order.outOfOrder
    },

    /** What the run came to, once all of it came, or no more does. */
    received: async (): Promise<Received> => {
      const latency = quantilesOf(await arrived())
      return {
        expected: ages.length,
        messages: count,
        outOfOrder: order.outOfOrder - outOfOrderBefore,
        endedAt,
        latency,
      }
    },

    /** The same, each message's age by itself. */
    ages: async (): Promise<Ages> => [...(await arrived())],
  }

  async function arrived(): Promise<Float64Array> {
    if (count < ages.length) await allOrSilence()
    return ages.slice(0, count)
  }

  function allOrSilence(): Promise<void> {
    return new Promise((resolve) => {
      let seen = -1
      const timer = setInterval(() => {
        if (count === seen) end()
        seen = count
      }, SILENCE_MS)
      const end = () => {
        clearInterval(timer)
        done = undefined
        resolve()
      }
      done = end
    })
  }
})
