// Waits for something to become true, instead of sleeping and hoping.
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'

export interface WaitOptions {
  /** Give up after this long. Default 5000. */
  readonly deadlineMs?: number
  /** Pause between two looks. Default 10. */
  readonly intervalMs?: number
  /** What is waited for, in words; opens the failure's message. */
  readonly label?: string
}

// Taken at import: a test's fake timers must not stop the deadline.
const now = performance.now.bind(performance)

/** Polls until the condition is truthy and answers that value; a throw counts as "not yet". */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 5000, intervalMs = 10, label = 'condition' }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined | 0 | '' | 0n>> {
  const end = now() + deadlineMs
  let last: Look<T> = { state: 'pending' }
  do {
    last = await Promise.race([look(condition), expiry<T>(end - now())])
    if (last.state === 'value' && last.value) return last.value as never
    await sleep(Math.max(0, Math.min(intervalMs, end - now())))
  } while (now() < end)
  const cause = last.state === 'error' ? { cause: last.error } : undefined
  throw new Error(`${label}: not within ${deadlineMs} ms, ${describe(last)}`, cause)
}

type Look<T> =
  | { readonly state: 'pending' }
  | { readonly state: 'value'; readonly value: T }
  | { readonly state: 'error'; readonly error: unknown }

async function look<T>(condition: () => T | Promise<T>): Promise<Look<T>> {
  try {
    return { state: 'value', value: await condition() }
  } catch (error) {
    return { state: 'error', error }
  }
}

function expiry<T>(ms: number): Promise<Look<T>> {
  return sleep(Math.max(0, ms), { state: 'pending' }, { ref: false })
}

function describe(last: Look<unknown>): string {
  if (last.state === 'pending') return 'the condition itself did not settle'
  if (last.state === 'error') return `it last threw ${inspect(last.error, { depth: 0 })}`
  return `it was last ${inspect(last.value, { depth: 4 })}`
}
