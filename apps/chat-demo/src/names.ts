// What the demo accepts as the name of a user or a room.

import { z } from 'zod'

const control = /[\p{Cc}\p{Cs}]/u

/** 1–40 characters without control characters, not only spaces. */
export const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(40, 'must be 40 characters at most')
  .refine((text) => !control.test(text), 'must not contain control characters')

/** Whether the text is a name as it stands: without spaces around it. */
export function isName(text: string): boolean {
  const result = name.safeParse(text)
  return result.success && result.data === text
}
