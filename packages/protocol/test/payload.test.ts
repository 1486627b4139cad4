import { describe, expect, it } from 'vitest'
import { byteLength, ChanError, encodePayload, freezeDeep } from '../src/index.js'

function refusal(data: unknown): ChanError {
  try {
    encodePayload(data)
  } catch (error) {
    expect(error).toBeInstanceOf(ChanError)
    expect((error as ChanError).code).toBe('invalid-payload')
    return error as ChanError
  }
  throw new Error('nothing was thrown')
}

describe('encodePayload', () => {
  it.each<[unknown, string]>([
    [null, 'null'],
    [0, '0'],
    [-0, '0'],
    ['', '""'],
    [false, 'false'],
    [[], '[]'],
    [{}, '{}'],
    [Number.NaN, 'null'],
    [Number.POSITIVE_INFINITY, 'null'],
    [{ a: undefined, b: () => 1, c: Symbol('s'), d: 1 }, '{"d":1}'],
    [[undefined, () => 1, Symbol('s')], '[null,null,null]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    [{ toJSON: () => 5 }, '5'],
    [new Map([[1, 2]]), '{}'],
    [Object.create(null), '{}'],
    [JSON.parse('{"__proto__":{"admin":true}}'), '{"__proto__":{"admin":true}}'],
    ['\u0000', '"\\u0000"'],
    ['\ud800', '"\\ud800"'],
    [{ '\udfff': '😀' }, '{"\\udfff":"😀"}'],
  ])('%o gives %s', (data, text) => {
    expect(encodePayload(data)).toBe(text)
    expect(JSON.stringify(JSON.parse(text))).toBe(text)
  })

  it('allows the same object twice, which is no cycle', () => {
    const shared = { a: 1 }
    expect(encodePayload([shared, shared])).toBe('[{"a":1},{"a":1}]')
  })

  it.each<[unknown, RegExp]>([
    [undefined, /data is undefined/],
    [() => 1, /data is a function/],
    [Symbol('s'), /data is a symbol/],
    [{ toJSON: () => undefined }, /toJSON of the message data gave nothing/],
  ])('refuses %o at the top', (data, message) => {
    const error = refusal(data)
    expect(error.message).toMatch(message)
    expect(error.hint).toMatch(/null/)
  })

  it('refuses BigInt, also nested', () => {
    for (const data of [1n, { a: [1n] }]) {
      const error = refusal(data)
      expect(error.message).toMatch(/contains a BigInt/)
      expect(error.hint).toMatch(/String\(value\)/)
      expect(error.cause).toBeInstanceOf(TypeError)
    }
  })

  it('refuses cycles', () => {
    const cycle: { self?: unknown; list: unknown[] } = { list: [] }
    cycle.list.push(cycle)
    expect(refusal(cycle).message).toMatch(/contains a cycle/)
    expect(refusal(cycle).cause).toBeInstanceOf(TypeError)
  })

  it('keeps what a toJSON or getter throws', () => {
    const boom = new Error('boom')
    const throwing = () => {
      throw boom
    }
    for (const data of [
      { toJSON: throwing },
      Object.defineProperty({}, 'a', { enumerable: true, get: throwing }),
    ]) {
      const error = refusal(data)
      expect(error.message).toMatch(/could not be encoded as JSON: boom/)
      expect(error.cause).toBe(boom)
    }
    const odd = refusal({
      toJSON: () => {
        throw 'text'
      },
    })
    expect(odd.cause).toBe('text')
  })

  it('refuses nesting that JSON.stringify cannot walk', () => {
    const error = refusal(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))
    expect(error.message).toMatch(/could not be encoded/)
    expect(error.hint).toMatch(/deeply/)
  })
})

describe('byteLength', () => {
  const texts = ['', 'a', '~\u007f', '\u0080', 'ß', '\u07ff', '\u0800', '€', '\uffff', '😀']
  const broken = ['\ud800', '\udc00', '\udc00\ud800', '\ud800\ud800\udc00', 'a\ud83d', '\ud83da']

  it.each([...texts, ...broken, texts.join('x'), texts.join('').repeat(100)])(
    'agrees with TextEncoder about %j',
    (text) => expect(byteLength(text)).toBe(new TextEncoder().encode(text).length),
  )

  it('agrees with TextEncoder about random text', () => {
    let seed = 42
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return seed / 2 ** 31
    }
    for (let round = 0; round < 500; round++) {
      // Crowded around the surrogates, where the pairs are.
      const text = Array.from({ length: 12 }, () =>
        String.fromCharCode(random() < 0.5 ? 0xd700 + random() * 0xa00 : random() * 0x10000),
      ).join('')
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length)
    }
  })
})

describe('freezeDeep', () => {
  it('freezes all the way down and returns its argument', () => {
    const tree = { a: [{ b: { c: 1 } }], d: null, e: 'x' }
    expect(freezeDeep(tree)).toBe(tree)
    expect(Object.isFrozen(tree)).toBe(true)
    expect(Object.isFrozen(tree.a)).toBe(true)
    expect(Object.isFrozen(tree.a[0]?.b)).toBe(true)
  })

  it.each([null, 1, 'a', true, undefined])('leaves %j as it is', (value) => {
    expect(freezeDeep(value)).toBe(value)
  })

  it('freezes the value of an own __proto__ key and nobody else', () => {
    const tree = JSON.parse('{"__proto__":{"a":{}}}') as Record<string, object>
    freezeDeep(tree)
    expect(Object.isFrozen(Object.getOwnPropertyDescriptor(tree, '__proto__')?.value)).toBe(true)
    expect(Object.isFrozen(Object.prototype)).toBe(false)
  })

  it('survives any depth and cycles', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown[]
    expect(Object.isFrozen(freezeDeep(deep)[0])).toBe(true)
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(Object.isFrozen(freezeDeep(cycle))).toBe(true)
  })
})
