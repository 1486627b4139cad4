// Arrays in binary: what they become on the other side is asked of PostgreSQL itself.
import { expect, test } from 'vitest'
import { float8Array, int4Array, textArray } from '../../src/binary-array.js'
import { databaseScene } from '../connection/database.js'

const db = databaseScene()

test('numbers and texts arrive as they were, nulls and none at all among them', async () => {
  const session = await db.open()
  const texts = ['', 'plain', 'quoted "\\{},\' NULL', 'é 鍵 🔑', null, 'x'.repeat(100_000)]
  const [row] = await session.query(
    `select $1::int[] as ints, $2::float8[] as floats, $3::text[] as texts, $4::text[] as none,
      array_lower($3::text[], 1) as lower`,
    [
      int4Array([1, -2, 2 ** 31 - 1]),
      float8Array([1.5, 1_790_000_000.123, -0.1]),
      textArray(texts),
      textArray([]),
    ],
  )
  expect(row).toEqual({
    ints: [1, -2, 2 ** 31 - 1],
    floats: [1.5, 1_790_000_000.123, -0.1],
    texts,
    none: [],
    lower: 1,
  })
})

test('a size that is wrong is refused, rather than filled up with what the memory held', () => {
  expect(() => textArray(['abc'], [5])).toThrow('a text of 3 bytes was said to have 5')
  expect(() => textArray(['ab', 'c'], [1, 1])).toThrow(RangeError)
})
