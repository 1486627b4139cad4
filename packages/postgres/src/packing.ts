// How several values travel in one text: in statements' parameters and in doorbells. The separators
// cannot occur inside: JSON escapes control characters, and core refuses them in names.

/** Between the fields of a record. */
export const FIELD = '\u001f'
/** Between records. */
export const RECORD = '\u001e'
/** Between the parts of an answer. */
export const PART = '\u001d'

/** A literal of an array of numbers, booleans or nulls. */
export function arrayLiteral(values: readonly (number | boolean | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : value)).join(',')}}`
}
