// Arrays as PostgreSQL sends them in binary: nothing is quoted on this side or parsed on the other, and
// a body is copied once.

import { Buffer } from 'node:buffer'

const OID = { int4: 23, text: 25, float8: 701 }
const HEADER_BYTES = 20
const LENGTH_BYTES = 4

/** `int4[]`. */
export function int4Array(values: readonly number[]): Buffer {
  const { array, at } = begin(OID.int4, values.length, 4 * values.length)
  values.reduce((place, value) => array.writeInt32BE(value, array.writeInt32BE(4, place)), at)
  return array
}

/** `float8[]`. */
export function float8Array(values: readonly number[]): Buffer {
  const { array, at } = begin(OID.float8, values.length, 8 * values.length)
  values.reduce((place, value) => array.writeDoubleBE(value, array.writeInt32BE(8, place)), at)
  return array
}

/**
 * `text[]`.
 * @param sizes bytes of each text in UTF-8, where they are known
 */
export function textArray(
  texts: readonly (string | null)[],
  sizes: readonly number[] = texts.map((text) => (text === null ? 0 : Buffer.byteLength(text))),
): Buffer {
  let bytes = 0
  for (const size of sizes) bytes += size
  const { array, at } = begin(OID.text, texts.length, bytes)
  let place = at
  for (let index = 0; index < texts.length; index++) {
    const text = texts[index] as string | null
    if (text === null) {
      place = array.writeInt32BE(-1, place)
      continue
    }
    const size = sizes[index] as number
    place = array.writeInt32BE(size, place)
    // All of it is ASCII then, which is copied as it is.
    const written = array.write(text, place, size === text.length ? 'latin1' : 'utf8')
    // What was not written would be whatever the memory held before.
    if (written !== size)
      throw new RangeError(`a text of ${written} bytes was said to have ${size}`)
    place += written
  }
  return array
}

/** The header: dimensions, whether there may be nulls, the type, and the one dimension from 1. */
function begin(oid: number, length: number, bytes: number) {
  const array = Buffer.allocUnsafe(HEADER_BYTES + LENGTH_BYTES * length + bytes)
  let at = 0
  for (const word of [1, 1, oid, length, 1]) at = array.writeInt32BE(word, at)
  return { array, at }
}
