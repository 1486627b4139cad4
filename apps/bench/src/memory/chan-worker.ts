// Publishes through a layer in memory, to callbacks that only count.

import { InMemoryChannelLayer } from '@chan/memory'
import { serveWorker } from '@chan/testkit/worker'
import { type Job, timeOf } from './job.js'
import { payload } from './payload.js'

serveWorker(() => {
  const layer = new InMemoryChannelLayer()
  const subscribed = new Map<number, Promise<unknown>>()
  let heard = 0
  const bursts = layer.channel('bursts')
  const trigger = layer.channel<number>('trigger')
  const burst = (size: number) => {
    for (let n = 0; n < size; n++) void bursts.publish(payload(n))
  }
  const ready = Promise.all([
    bursts.subscribe(() => void heard++),
    trigger.subscribe(({ data }) => burst(data)),
  ])

  return {
    /** → microseconds per publish, of so many in bursts of a size, each delivered before the next. */
    bursts: async (size: number, total: number, inCallback: boolean): Promise<number> => {
      await ready
      const subject = {
        publish: () => (inCallback ? trigger.publish(size) : burst(size)),
        heard: () => heard,
      }
      const job: Job = { subscribers: size, publishes: 1, batch: 1, awaited: false }
      let took = 0
      for (let done = 0; done < total; done += size) took += await timeOf(subject, job)
      return took / total
    },

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
