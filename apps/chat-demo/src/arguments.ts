// Reading a command line. What a person typed is repeated only where it cannot be part of a
// database's address: that may hold a password, and be in the wrong place or cut in two by the shell.

import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T }>
>['values']

/** Something on the command line that cannot be meant; the message says what. */
export class Mistake extends Error {}

/**
 * The options' values, by name. The arguments come without the program's name.
 * @throws {Mistake}
 */
export function parseOptions<T extends Options>(args: readonly string[], options: T): Values<T> {
  // Some package managers pass on the `--` that separates their own options.
  const own = args[0] === '--' ? args.slice(1) : [...args]
  try {
    return parseArgs({ args: own, options }).values
  } catch (error) {
    throw new Mistake(inWords(error as NodeJS.ErrnoException))
  }
}

/** @throws {Mistake} */
export function readPort(option: string, text: string, highest = 65_535): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= highest) return port
  throw new Mistake(`${option} must be a number from 0 to ${highest}${got(text)}.`)
}

/** @throws {Mistake} */
export function readHost(text: string): string {
  if (text.trim() === '') throw new Mistake('--host must not be empty.')
  if (!/[\s/@]/.test(text)) return text
  throw new Mistake('--host must be a name or an address of this machine, such as 127.0.0.1.')
}

/** `, got 'x'`, or nothing for what is not to be shown. */
export function got(text: string): string {
  return /^[\w.,:+-]{0,20}$/.test(text) ? `, got '${text}'` : ''
}

function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return 'Something stands there without its option. Values with special characters need quotes.'
  }
  return message.includes('://') ? 'There is an unknown option.' : message
}
