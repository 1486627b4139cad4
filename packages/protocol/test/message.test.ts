import { inspect, isDeepStrictEqual } from 'node:util'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type ChanError, isChanError, Message, type MessageObject } from '../src/index.js'

afterEach(() => vi.restoreAllMocks())

function code(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isChanError(error)) return error.code
    throw error
  }
  return 'nothing was thrown'
}

/** Numbers from 0 to 1 that a seed repeats (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const stored = {
  channel: 'chat:general',
  body: '{"text":"hi","tags":["a"]}',
  sender: 'alice',
  timestamp: 1767225600.25,
  offset: 7,
  epoch: 'e1',
  id: 'm1',
}

describe('new Message', () => {
  it('has defaults', () => {
    const before = Date.now() / 1000
    const message = new Message({ channel: 'a', data: 1 })
    expect(message.sender).toBeNull()
    expect(message.timestamp).toBeGreaterThanOrEqual(before)
    expect(message.timestamp).toBeLessThanOrEqual(Date.now() / 1000)
    expect([message.offset, message.epoch, message.id]).toEqual([undefined, undefined, undefined])
  })

  it('holds what JSON gives back, taken at construction', () => {
    const data = { when: new Date(0), gone: undefined, call: () => 1, list: [undefined, 1] }
    const message = new Message<unknown>({ channel: 'a', data })
    data.list.push(2)
    expect(message.data).toStrictEqual({ when: '1970-01-01T00:00:00.000Z', list: [null, 1] })
    expect(message.body).toBe('{"when":"1970-01-01T00:00:00.000Z","list":[null,1]}')
  })

  it.each([null, 0, '', false, [], {}])('carries %j', (data) => {
    expect(new Message({ channel: 'a', data }).data).toStrictEqual(data)
  })

  it.each<[string, object]>([
    ['invalid-channel-name', { channel: '', data: 1 }],
    ['invalid-channel-name', { data: 1 }],
    ['invalid-payload', { channel: 'a' }],
    ['invalid-payload', { channel: 'a', data: 1n }],
    // No way round the encoding: body is not an option here.
    ['invalid-payload', { channel: 'a', body: '"x"' }],
    ['invalid-option', { channel: 'a', data: 1, sender: '' }],
    ['invalid-option', { channel: 'a', data: 1, sender: 5 }],
    ['invalid-option', { channel: 'a', data: 1, timestamp: Number.NaN }],
    ['invalid-option', { channel: 'a', data: 1, timestamp: null }],
    ['invalid-option', { channel: 'a', data: 1, offset: 0 }],
    ['invalid-option', { channel: 'a', data: 1, epoch: '' }],
    ['invalid-option', { channel: 'a', data: 1, id: 'a\u0000' }],
  ])('refuses with %s: %o', (expected, init) => {
    expect(code(() => new Message(init as never))).toBe(expected)
  })

  it('takes undefined for absent', () => {
    const absent = { sender: undefined, timestamp: undefined, offset: undefined, id: undefined }
    expect(new Message({ channel: 'a', data: 1, ...absent }).sender).toBeNull()
  })
})

describe('Message.fromStored', () => {
  it('parses at most once, and only if read', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const stringify = vi.spyOn(JSON, 'stringify')
    const message = Message.fromStored<{ text: string }>(stored)
    message.toJson()
    expect(parse).not.toHaveBeenCalled()
    expect(stringify).not.toHaveBeenCalledWith(expect.objectContaining({ text: 'hi' }))
    expect(message.data).toBe(message.data)
    message.toJSON()
    expect(parse).toHaveBeenCalledTimes(1)
    expect(message.data.text).toBe('hi')
  })

  it('parses once also where the data is null', () => {
    const parse = vi.spyOn(JSON, 'parse')
    const message = Message.fromStored({ ...stored, body: 'null' })
    expect([message.data, message.data]).toEqual([null, null])
    expect(parse).toHaveBeenCalledTimes(1)
  })

  it('shares one value that nobody can change', () => {
    const { data } = Message.fromStored<{ text: string; tags: string[] }>(stored)
    expect(() => {
      data.text = 'changed'
    }).toThrow(TypeError)
    expect(() => data.tags.push('b')).toThrow(TypeError)
    expect(data).toStrictEqual({ text: 'hi', tags: ['a'] })
  })

  it('keeps __proto__ in the data an ordinary key', () => {
    const message = Message.fromStored<Record<string, unknown>>({
      ...stored,
      body: '{"__proto__":{"admin":true}}',
    })
    expect(Object.keys(message.data)).toEqual(['__proto__'])
    expect(message.data.admin).toBeUndefined()
    expect(message.toJson()).toContain('"data":{"__proto__":{"admin":true}}')
  })

  it('counts as equal only with equal data, whoever has read it', () => {
    const [a, b] = [Message.fromStored(stored), Message.fromStored(stored)]
    expect(a.data).toBeDefined()
    expect(a).toEqual(b)
    expect(a).not.toEqual(Message.fromStored({ ...stored, body: '{}' }))
  })
})

describe('toJson', () => {
  it('has its keys in order and the body as it is', () => {
    expect(Message.fromStored({ ...stored, body: '{ "spaced" : 1 }' }).toJson()).toBe(
      '{"channel":"chat:general","data":{ "spaced" : 1 },"sender":"alice","timestamp":1767225600.25,' +
        '"offset":7,"epoch":"e1","id":"m1"}',
    )
  })

  it('leaves out what is not assigned', () => {
    const { channel, body, timestamp } = stored
    expect(Message.fromStored({ channel, body: '1', sender: null, timestamp }).toJson()).toBe(
      '{"channel":"chat:general","data":1,"sender":null,"timestamp":1767225600.25}',
    )
    expect(
      Message.fromStored({ channel, body, sender: null, timestamp, id: 'x' }).toJson(),
    ).toMatch(/"timestamp":1767225600.25,"id":"x"}$/)
  })

  it('is encoded once', () => {
    const message = Message.fromStored(stored)
    const stringify = vi.spyOn(JSON, 'stringify')
    const text = message.toJson()
    const calls = stringify.mock.calls.length
    expect(message.toJson()).toBe(text)
    expect(stringify).toHaveBeenCalledTimes(calls)
  })

  it('escapes names', () => {
    const name = `quote " back \\ ${'😀'}`
    const message = new Message({ channel: name, data: '\u0000\ud800"', sender: name, id: name })
    expect(JSON.parse(message.toJson())).toMatchObject({
      channel: name,
      data: '\u0000\ud800"',
      sender: name,
      id: name,
    })
  })

  it.each([0, -0, 1e-7, 1e21, 1767225600, 1767225600.123456])(
    'writes timestamp %d',
    (timestamp) => {
      const parsed = JSON.parse(new Message({ channel: 'a', data: 1, timestamp }).toJson())
      expect(parsed.timestamp + 0).toBe(timestamp + 0)
    },
  )
})

describe('other forms', () => {
  it('date is the timestamp', () => {
    expect(Message.fromStored(stored).date.toISOString()).toBe('2026-01-01T00:00:00.250Z')
  })

  it('toJSON is the plain object', () => {
    const message = Message.fromStored(stored)
    expect(message.toJSON()).toStrictEqual({
      channel: 'chat:general',
      data: { text: 'hi', tags: ['a'] },
      sender: 'alice',
      timestamp: 1767225600.25,
      offset: 7,
      epoch: 'e1',
      id: 'm1',
    })
    expect(JSON.stringify(message)).toBe(message.toJson())
    expect(Object.keys(new Message({ channel: 'a', data: 1 }).toJSON())).toEqual([
      'channel',
      'data',
      'sender',
      'timestamp',
    ])
  })

  it('shows its data on the console', () => {
    expect(inspect(Message.fromStored(stored))).toContain("text: 'hi'")
  })
})

describe('Message.fromJson', () => {
  it.each([
    Message.fromStored(stored),
    new Message({ channel: 'a', data: null }),
    new Message({
      channel: 'ß',
      data: { deep: [{ a: '😀\u0000\ud800' }] },
      sender: 'bob',
      id: 'x',
    }),
  ])('round-trips %o', (message) => {
    const copy = Message.fromJson(message.toJson())
    expect(copy).toEqual(message)
    expect(copy.toJson()).toBe(message.toJson())
    expect(copy.data).toStrictEqual(message.data)
    expect(Object.isFrozen(copy.data)).toBe(true)
  })

  it('reads what JSON text has no round trip for as JSON gives it back', () => {
    const text =
      '{"channel":"a","data":{"zeros":[-0,{"z":-0.0}],"__proto__":-0},"timestamp":-0,"id":"x"}'
    const message = Message.fromJson<{ zeros: [number, { z: number }] }>(text)
    expect(message.data).toStrictEqual(JSON.parse('{"zeros":[0,{"z":0}],"__proto__":0}'))
    expect(Message.fromJson<number>('{"channel":"a","data":-0}').data).toBe(0)
    expect(message.timestamp).toBe(0)
    expect(new Message({ channel: 'a', data: 1, timestamp: -0 }).timestamp).toBe(0)
    expect(Message.fromJson(message.toJson())).toEqual(message)
    expect(Object.isFrozen(message.data.zeros[1])).toBe(true)
  })

  it('round-trips any JSON text or refuses it, with whatever numbers at whatever depth', () => {
    const random = seeded(20261128)
    const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T
    const finite = () => `${pick(['', '-'])}${Math.floor(random() * 1e9)}${pick(['', '.5', 'e-3'])}`
    const odd = ['-0', '-0.0', '0e5', '-0e-7', '1e-999', '-1e-400', '12345678901234567890', '0.1']
    const scalar = () => pick([finite(), finite(), pick(odd), '"-0"', '"1e999"', 'null', 'true'])
    const infinite = ['1e999', '-1e999', '1E+400', `1${'0'.repeat(400)}`]
    const json = (depth: number, leaf: () => string): string => {
      if (depth === 0) return leaf()
      const inner = () => json(Math.floor(random() * depth), leaf)
      const items = Array.from({ length: 1 + Math.floor(random() * 3) }, inner)
      if (random() < 0.5) return `[${items.join()}]`
      return `{${items.map((item, i) => `${pick([`"k${i}"`, `"${i}"`, '"__proto__"'])}:${item}`).join()}}`
    }
    for (let round = 0; round < 2000; round++) {
      const depth = Math.floor(random() * 6)
      let isInfinite = false
      const body = json(depth, () => {
        if (round % 2 === 0 || random() < 0.8) return scalar()
        isInfinite = true
        return pick(infinite)
      })
      const text = `{"channel":"a","data":${body},"timestamp":${pick(['1', '-0', finite()])}}`
      // Of equal keys JSON keeps the last.
      if (isInfinite && /Infinity/.test(inspect(JSON.parse(body), { depth: 9 }))) {
        expect([text, code(() => Message.fromJson(text))]).toEqual([text, 'invalid-payload'])
        continue
      }
      const message = Message.fromJson(text)
      const again = Message.fromJson(message.toJson())
      expect(again.data).toStrictEqual(message.data)
      expect(isDeepStrictEqual(again.data, message.data)).toBe(true)
      expect(again.timestamp).toBe(message.timestamp)
      expect(again.toJson()).toBe(message.toJson())
      expect(message.data).toStrictEqual(JSON.parse(JSON.stringify(JSON.parse(body))))
    }
  })

  it('ignores unknown keys and fills in absent sender and timestamp', () => {
    const now = Date.now() / 1000
    const message = Message.fromJson('{"channel":"a","data":1,"body":"2","more":{}}')
    expect(message.data).toBe(1)
    expect(message.sender).toBeNull()
    expect(message.timestamp).toBeGreaterThanOrEqual(now)
    expect(message).not.toHaveProperty('more')
  })

  it.each<[string, RegExp]>([
    ['', /not JSON/],
    ['{', /not JSON/],
    ['hello', /not JSON/],
    ['null', /expected a JSON object, got null/],
    ['[]', /got an array/],
    ['1', /got a number/],
    ['"x"', /got a string/],
    ['{}', /'channel' is missing/],
    ['{"data":1}', /'channel' is missing/],
    ['{"channel":"a"}', /'data' is missing/],
    ['{"channel":1,"data":1}', /'channel' must be a string/],
    ['{"channel":"","data":1}', /'channel' must be a string of 1–255 bytes/],
    ['{"channel":"a\\u0000","data":1}', /'channel' must be/],
    ['{"channel":"a\\ud800","data":1}', /'channel' must be/],
    ['{"channel":"a","data":1,"sender":5}', /'sender' must be null or a string/],
    ['{"channel":"a","data":1,"sender":""}', /'sender' must be/],
    ['{"channel":"a","data":1,"timestamp":"now"}', /'timestamp' must be a finite number/],
    ['{"channel":"a","data":1,"timestamp":null}', /'timestamp' must be/],
    ['{"channel":"a","data":1,"timestamp":1e999}', /'timestamp' must be a finite/],
    ['{"channel":"a","data":1e999}', /'data' must be a JSON value whose numbers are finite/],
    ['{"channel":"a","data":-1e999}', /'data' must be/],
    ['{"channel":"a","data":{"deep":[{"x":[1,1e400]}]}}', /'data' must be/],
    ['{"channel":"a","data":{"__proto__":1e400}}', /'data' must be/],
    ['{"channel":"a","data":1,"offset":1e999}', /'offset' must be/],
    ['{"channel":"a","data":1,"offset":0}', /'offset' must be a whole number from 1/],
    ['{"channel":"a","data":1,"offset":1.5}', /'offset' must be/],
    ['{"channel":"a","data":1,"offset":"1"}', /'offset' must be/],
    ['{"channel":"a","data":1,"offset":null}', /'offset' must be/],
    ['{"channel":"a","data":1,"epoch":""}', /'epoch' must be/],
    ['{"channel":"a","data":1,"epoch":5}', /'epoch' must be/],
    ['{"channel":"a","data":1,"id":[]}', /'id' must be/],
    // The envelope is never read through a prototype.
    ['{"__proto__":{"channel":"a","data":1}}', /'channel' is missing/],
    ['{"channel":"a","__proto__":{"data":1}}', /'data' is missing/],
  ])('refuses %s', (text, why) => {
    const run = () => Message.fromJson(text)
    expect(code(run)).toBe('invalid-payload')
    expect(run).toThrow(why)
    expect(run).toThrow(/^Malformed message: .*\.$/s)
  })

  it('refuses what is no text, and keeps the cause of bad JSON', () => {
    for (const value of [undefined, null, 5, { channel: 'a', data: 1 }, []]) {
      expect(() => Message.fromJson(value as never)).toThrow(/expected JSON text, got/)
    }
    try {
      Message.fromJson('{')
      expect.unreachable()
    } catch (error) {
      expect((error as ChanError).cause).toBeInstanceOf(SyntaxError)
    }
  })

  it('refuses data nested too deeply to encode', () => {
    const text = `{"channel":"a","data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(code(() => Message.fromJson(text))).toBe('invalid-payload')
  })

  it('touches no prototype', () => {
    const message = Message.fromJson<Record<string, unknown>>(
      '{"__proto__":{"id":"x"},"constructor":{"prototype":{"id":"x"}},"channel":"a",' +
        '"data":{"__proto__":{"admin":true}}}',
    )
    expect(message.id).toBeUndefined()
    expect(Object.getPrototypeOf(message)).toBe(Message.prototype)
    expect(Object.getPrototypeOf(message.data)).toBe(Object.prototype)
    expect(message.data.admin).toBeUndefined()
    expect(({} as Record<string, unknown>).admin).toBeUndefined()
  })

  it('is not misled by a polluted Object.prototype', () => {
    const polluted = Object.prototype as unknown as Record<string, unknown>
    try {
      polluted.channel = 'evil'
      polluted.id = 'evil'
      expect(() => Message.fromJson('{"data":1}')).toThrow(/'channel' is missing/)
      expect(Message.fromJson('{"channel":"a","data":1}').id).toBeUndefined()
    } finally {
      delete polluted.channel
      delete polluted.id
    }
  })
})

describe('types', () => {
  it('infers the data', () => {
    const message = new Message({ channel: 'a', data: { text: 'x' } })
    expectTypeOf(message).toEqualTypeOf<Message<{ text: string }>>()
    expectTypeOf(message.data.text).toEqualTypeOf<string>()
    expectTypeOf(message.sender).toEqualTypeOf<string | null>()
    expectTypeOf(message.date).toEqualTypeOf<Date>()
    expectTypeOf(message.toJSON()).toEqualTypeOf<MessageObject<{ text: string }>>()
    expectTypeOf(Message.fromJson('{"channel":"a","data":1}')).toEqualTypeOf<Message<unknown>>()
    expectTypeOf(message).toExtend<Message>()
    expect(() => {
      // @ts-expect-error data is only readable
      message.data = { text: 'y' }
    }).toThrow(TypeError)
    // @ts-expect-error the second argument is not public
    expect(code(() => new Message(stored, Symbol('stored')))).toBe('invalid-payload')
  })
})

it('a message is read-only at run time, and still remembers what it worked out', () => {
  const message = Message.fromStored({
    channel: 'c',
    body: '{"n":1}',
    sender: 'alice',
    timestamp: 1,
  })
  expect(() => Object.assign(message, { sender: 'mallory' })).toThrow(TypeError)
  expect(message.data).toBe(message.data)
  expect(message.toJson()).toBe('{"channel":"c","data":{"n":1},"sender":"alice","timestamp":1}')
})
