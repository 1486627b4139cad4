// Ids of connections: a number while nobody asks, a text that is unique over processes when somebody does.

let prefix = ''
let count = 0

/** Counts the connections of this process. */
export function nextConnectionNumber(): number {
  return ++count
}

/** Random per process, counted in it: unique, and cheaper than a random id per socket. */
export function connectionId(number: number): string {
  prefix ||= [...crypto.getRandomValues(new Uint8Array(9))]
    .map((byte) => byte.toString(36).padStart(2, '0'))
    .join('')
  return `${prefix}-${number.toString(36)}`
}
