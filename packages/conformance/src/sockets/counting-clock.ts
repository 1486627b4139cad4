// The system's clock, counting the timers that have neither run nor been cancelled: those of Chan
// do not keep a process alive, so Node does not count them.

import { type Clock, systemClock, type Timer } from '@chan/core'

/** @internal */
export class CountingClock implements Clock {
  pending = 0

  now(): number {
    return systemClock.now()
  }

  after(delayMs: number, task: () => void): Timer {
    let counted = true
    const settle = () => {
      if (counted) this.pending--
      counted = false
    }
    this.pending++
    const timer = systemClock.after(delayMs, () => {
      settle()
      task()
    })
    return {
      cancel: () => {
        settle()
        timer.cancel()
      },
    }
  }

  nextTurn(task: () => void): void {
    systemClock.nextTurn(task)
  }
}
