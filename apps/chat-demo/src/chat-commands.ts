// What a chat client may send: one JSON object per text frame.

import { z } from 'zod'
import { complaints } from './complaints.js'
import { name } from './names.js'

const text = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(2000, 'must be 2000 characters at most')
/** Chosen by the client; a message sent again with the same id arrives once. */
const id = z.string().min(1).max(64).optional()

const command = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), text, id }),
  z.object({ type: z.literal('direct'), to: name, text, id }),
  z.object({ type: z.literal('typing'), id }),
])

/** A checked command. Whoever sent it is known from the socket, never from the command. */
export type ChatCommand = z.infer<typeof command>

/** A command that is not carried out. `id` is the command's, where it could be read. */
export interface CommandError {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string }
  readonly id?: string | undefined
}

const HINT =
  'Send {"type":"message","text":"…"}, {"type":"typing"} or {"type":"direct","to":"…","text":"…"}.'

export function commandError(message: string, hint = HINT, id?: string): CommandError {
  return { error: { code: 'invalid-command', message, hint }, id }
}

/** Reads a text frame; never throws. */
export function readCommand(frame: string): ChatCommand | CommandError {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return commandError('This is not JSON.')
  }
  const result = command.safeParse(value)
  if (result.success) return result.data
  const known = z.object({ id }).safeParse(value)
  return commandError(complaints(result.error), HINT, known.data?.id)
}
