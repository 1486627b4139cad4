// One clock for all processes of this machine, so that a message's age can be told where it arrives.

/** Microseconds since some moment that every process of the machine shares. */
export function nowMicros(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1_000_000 + Math.floor(nanos / 1_000)
}
