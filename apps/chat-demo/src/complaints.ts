// A failed check in words for the person who sent the data.

import type { z } from 'zod'

/** One sentence per problem, each with the field it is about: `title: must not be empty`. */
export function complaints(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')
}
