// The same with Node's EventEmitter, which keeps nothing; with the payload as JSON where that is asked
// for, as whoever sends it on would need it.

import { EventEmitter } from 'node:events'
import { serveWorker } from '@chan/testkit/worker'
import { type Job, timeOf } from './job.js'
import { payload } from './payload.js'

serveWorker(() => {
  const emitters = new Map<number, EventEmitter>()
  let heard = 0
  let written = 0

  const emitterFor = (subscribers: number) => {
    const known = emitters.get(subscribers)
    if (known) return known
    const emitter = new EventEmitter().setMaxListeners(0)
    for (let one = 0; one < subscribers; one++) emitter.on('message', () => void heard++)
    emitters.set(subscribers, emitter)
    return emitter
  }

  return {
    time: (job: Job, stringify: boolean): Promise<number> => {
      const emitter = emitterFor(job.subscribers)
      const bare = (n: number) => emitter.emit('message', payload(n))
      const withText = (n: number) => {
        const data = payload(n)
        // Looked at, so that it is not optimised away.
        written += JSON.stringify(data).length
        emitter.emit('message', data)
      }
      return timeOf({ publish: stringify ? withText : bare, heard: () => heard }, job)
    },
    written: () => written,
  }
})
