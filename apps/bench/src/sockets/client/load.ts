// The process of the load: many sockets that count what they get.

import { serveWorker } from '@chan/testkit/worker'
import { type ChatPlan, Chatter } from './chatter.js'
import { Crowd, type CrowdPlan } from './crowd.js'
import { Returning } from './returning.js'
import { Tally } from './tally.js'

serveWorker((emit) => {
  const tally = new Tally((deliveries) => emit('acked', deliveries))
  const crowd = new Crowd(tally)
  const returning = new Returning(crowd.sockets, tally)
  const chatter = new Chatter(crowd.sockets, tally)
  return {
    open: (plan: CrowdPlan) => crowd.open(plan),
    close: () => crowd.close(),
    /** The socket stops reading. */
    stall: (index: number) => crowd.sockets[index]?.pause(),

    /** So many of those who stalled read on; resolves when they are there, in seconds. */
    readOn: (count: number, upTo: number) => returning.readOn(count, upTo),
    arrival: (upTo: number) => returning.arrival(upTo),
    /** What they have got by now. */
    trails: () => returning.trails(),

    /** Begins a run of so many deliveries, and tells of every so many. */
    expect: (deliveries: number, ackEvery?: number) => tally.expect(deliveries, ackEvery),
    received: () => tally.received(),
    soFar: () => tally.soFar(),
    /** A run without an end so far comes to so many. */
    expectInAll: (deliveries: number) => tally.expectInAll(deliveries),

    chat: (plan: ChatPlan) => chatter.run(plan),
    stopChat: () => chatter.stop(),
  }
})
