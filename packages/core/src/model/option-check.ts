// How a bad option is refused, wherever it is given.

import { ChanError } from './message.js'

/** @throws {ChanError} `invalid-option` if `wrong` */
export function refuse(wrong: boolean, option: string, expected: string): void {
  if (!wrong) return
  throw new ChanError(
    'invalid-option',
    `'${option}' must be ${expected}.`,
    `Pass ${expected} as '${option}', or leave it out.`,
  )
}
