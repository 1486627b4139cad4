// The only door to time: everything in core that waits or stamps goes through a Clock, so that tests
// can hold time still (`ManualClock` in `@chan/core/testing`).

/** A scheduled call that has not run yet. */
export interface Timer {
  /** Prevents the call; harmless after it ran. */
  cancel(): void
}

/** Where a layer gets its time from. Durations are milliseconds. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch, possibly fractional. */
  now(): number
  /** Runs `task` once, at least `delayMs` from now. A pending timer never keeps the process alive. */
  after(delayMs: number, task: () => void): Timer
  /** Runs `task` in a later turn of the event loop, after pending I/O had a chance to run. */
  nextTurn(task: () => void): void
}

interface HostTimer {
  unref?(): void
}

// Core compiles without Node's types; these two are looked up where they exist.
const host = globalThis as unknown as { setImmediate?: (task: () => void) => void }

/** The host's own clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs)
    ;(handle as unknown as HostTimer).unref?.()
    return { cancel: () => clearTimeout(handle) }
  },
  nextTurn(task) {
    if (host.setImmediate) host.setImmediate(task)
    else setTimeout(task, 0)
  },
}
