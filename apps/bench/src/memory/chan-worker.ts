// Publishes through a layer in memory, to callbacks that only count.

import { InMemoryChannelLayer } from '@chan/memory'
import { serveWorker } from '@chan/testkit/worker'
import { type Job, timeOf } from './job.js'
import { payload } from './payload.js'

serveWorker(() => {
  const layer = new InMemoryChannelLayer()
  const subscribed = new Map<number, Promise<unknown>>()
  let heard = 0

  return {
    time: async (job: Job): Promise<number> => {
      const channel = layer.channel(`to-${job.subscribers}`)
      const subscribe = () => channel.subscribe(() => void heard++)
      const all =
        subscribed.get(job.subscribers) ??
        Promise.all(Array.from({ length: job.subscribers }, subscribe))
      subscribed.set(job.subscribers, all)
      await all
      return timeOf({ publish: (n) => channel.publish(payload(n)), heard: () => heard }, job)
    },
  }
})
