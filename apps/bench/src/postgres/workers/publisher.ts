// A process that publishes: as many messages as it is told, as fast as they go or at a rate.

import { setTimeout as sleep } from 'node:timers/promises'
import { serveWorker } from '@chan/testkit/worker'
import { nowMicros } from '../../measure/clock.js'
import { FIRST, paddingFor } from '../../measure/numbered-message.js'
import { Profile } from '../../measure/profile.js'
import { readSetup } from './setup.js'
import { openWire } from './wire.js'

export interface Plan {
  readonly messages: number
  /** Publishes that may be unresolved at a time. */
  readonly window: number
  /** Messages a second; 0 for as fast as they go. */
  readonly rate: number
}

export interface Published {
  /** When the first was published, and the last was resolved, by `nowMicros`. */
  readonly beganAt: number
  readonly endedAt: number
}

serveWorker(async () => {
  const setup = readSetup()
  const wire = await openWire(setup)
  const pad = paddingFor(setup.size, setup.publisher)
  let next = FIRST
  let profile: Profile | undefined

  const publish = (dueAt: number): Promise<unknown> => {
    const n = next++
    return wire.publish(n % setup.channels, { p: setup.publisher, n, t: dueAt, pad })
  }

  return {
    cpu: () => process.cpuUsage(),
    stats: () => wire.stats(),
    startProfile: () => {
      profile = Profile.start()
    },
    stopProfile: () => profile?.stop(setup.profileFolder, `publisher-${process.pid}`),

    run: async ({ messages, window, rate }: Plan): Promise<Published> => {
      const beganAt = nowMicros()
      let unresolved = 0
      let failure: unknown
      let resume: (() => void) | undefined
      // Woken when a twentieth of the window is free: it costs nothing per message, and no burst keeps
      // the event loop from answers for long.
      let wakeAt = window * 0.95
      const wake = () => {
        resume?.()
        resume = undefined
      }
      const resolved = () => {
        if (--unresolved <= wakeAt) wake()
      }
      const failed = (error: unknown) => {
        failure ??= error
        wake()
      }
      const woken = () => new Promise<void>((resolve) => (resume = resolve))
      for (let sent = 0; sent < messages && !failure; ) {
        const dueAt = rate === 0 ? nowMicros() : beganAt + Math.ceil((sent * 1e6) / rate)
        if (unresolved >= window) await woken()
        else if (dueAt > nowMicros()) await sleep(1)
        else {
          sent++
          unresolved++
          publish(dueAt).then(resolved, failed)
        }
      }
      wakeAt = 0
      if (unresolved > 0 && !failure) await woken()
      if (failure) throw failure
      return { beganAt, endedAt: nowMicros() }
    },

    /** One message at a time, each alone; → the milliseconds until it was resolved, for each. */
    lone: async (messages: number) => {
      const took: number[] = []
      for (let sent = 0; sent < messages; sent++) {
        const at = nowMicros()
        await publish(at)
        took.push((nowMicros() - at) / 1000)
        await sleep(5)
      }
      return took
    },
  }
})
