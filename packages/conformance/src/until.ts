// Waiting for something to become true, and letting the event loop turn.

const DEADLINE_MS = 15_000

/** Polls until the condition holds. Fails after 15 s, saying what was waited for. */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  while (!(await condition())) {
    if (performance.now() > end) {
      const wanted = typeof what === 'string' ? what : what()
      throw new Error(`${wanted}: not within ${DEADLINE_MS} ms`)
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Lets the event loop turn so many times. For "nothing more comes": a wait can prove only that. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}
