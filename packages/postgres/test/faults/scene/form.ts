// Every fault exists once; one that takes long has two lengths: short in `npm test`, full in
// `npm run test:faults`.

/** Whether this run takes the time that the faults are specified with. */
export const isFull = process.env.CHAN_FAULTS === 'full'

export function form<T>(short: T, full: T): T {
  return isFull ? full : short
}

/** Everything that is waited for without being a promise: far more than a loaded machine takes. */
export const PATIENCE_MS = 60_000
