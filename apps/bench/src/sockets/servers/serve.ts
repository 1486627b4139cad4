// The process of a server: opens it, lets it publish as told, and says what it used.

import { serveWorker } from '@chan/testkit/worker'
import { Profile } from '../../measure/profile.js'
import { collectGarbage, type MemoryReading, PeakGauge, readMemory } from './memory-gauge.js'
import { type Plan, type Published, Publisher } from './publisher.js'
import type { Served } from './served.js'

/** Call it once, at the end of the server's file. */
export function serve(open: () => Promise<Served>): void {
  serveWorker(async () => {
    const served = await open()
    const publisher = new Publisher(served)
    let profile: Profile | undefined
    let peak: PeakGauge | undefined
    return {
      ...served.methods,
      port: () => served.port,
      size: () => served.size(),
      closes: () => served.closes?.() ?? [],
      errors: () => served.errors?.() ?? [],
      cpu: () => process.cpuUsage(),
      rss: () => process.memoryUsage.rss(),

      /** After the garbage was collected. */
      memory: async (): Promise<MemoryReading> => {
        await collectGarbage()
        return readMemory()
      },
      startPeak: () => {
        peak = PeakGauge.start()
      },
      /** The most memory seen since `startPeak`. */
      stopPeak: () => peak?.stop(),

      run: (plan: Plan): Promise<Published> => publisher.run(plan),
      /** The clients have so many deliveries of the run. */
      acked: (deliveries: number) => publisher.acked(deliveries),

      startProfile: () => {
        profile = Profile.start()
      },
      stopProfile: (folder: string, name: string) => profile?.stop(folder, name),
    }
  })
}
