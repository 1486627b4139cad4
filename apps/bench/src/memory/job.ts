// What a process of this suite is asked to do, and the loop that all of them share.

import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Job {
  readonly subscribers: number
  readonly publishes: number
  /** Published before the event loop has its turn. */
  readonly batch: number
  /** Wait for each publish before the next one. */
  readonly awaited: boolean
}

/** What is measured, seen alike for us and for what we are compared with. */
export interface Subject {
  publish(n: number): unknown
  /** Callbacks so far. */
  heard(): number
}

/** → microseconds per publish, until the last callback. */
export async function timeOf(subject: Subject, job: Job): Promise<number> {
  const { publishes, subscribers, batch, awaited } = job
  const expected = subject.heard() + publishes * subscribers
  const beganAt = performance.now()
  for (let n = 0; n < publishes; ) {
    const end = Math.min(n + batch, publishes)
    if (awaited) for (; n < end; n++) await subject.publish(n)
    else for (; n < end; n++) subject.publish(n)
    await nextTurn()
  }
  while (subject.heard() < expected) await nextTurn()
  const took = performance.now() - beganAt
  if (subject.heard() > expected) throw new Error('More was heard than was published')
  return (took * 1000) / publishes
}
