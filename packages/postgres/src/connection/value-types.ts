// How values of PostgreSQL become values of JavaScript in our queries, whatever parsers the program
// has set on the shared `pg` module: many set int8 to BigInt or dates to their own classes.

import { type CustomTypesConfig, types } from 'pg'

type Parser = (text: string) => unknown

const asNumber: Parser = Number
const asJson: Parser = (text) => JSON.parse(text)
const asText: Parser = (text) => text

// Everything else, int8, numeric and timestamps among it, arrives as text.
const scalars: ReadonlyMap<number, Parser> = new Map([
  [16, (text: string) => text === 't'],
  [21, asNumber],
  [23, asNumber],
  [26, asNumber],
  [700, asNumber],
  [701, asNumber],
  [114, asJson],
  [3802, asJson],
])

/** bool[], int2[], int4[], text[], int8[] (of text), float8[]: their parsers are not worth copying. */
const arrays: ReadonlySet<number> = new Set([1000, 1005, 1007, 1009, 1016, 1022])

/** bool, int2, int4, oid, float4, float8 and json are parsed; arrays of those; the rest is text. */
export const valueTypes: CustomTypesConfig = {
  getTypeParser(oid: number): Parser {
    if (arrays.has(oid)) return types.getTypeParser(oid)
    return scalars.get(oid) ?? asText
  },
}
