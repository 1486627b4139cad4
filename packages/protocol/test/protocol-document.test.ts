// Holds PROTOCOL.md to the code: its golden frames byte for byte, its tables of close codes, its
// numbering.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ChanError,
  CloseCode,
  closeVerdict,
  encodeErrorFrame,
  Message,
  parseBridgeText,
} from '../src/index.js'

const document = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8')

const golden = new Map(
  Array.from(document.matchAll(/^ *```(?:json|text) (\S+)\n *(.+)\n *```$/gm), (block) => [
    block[1] as string,
    block[2] as string,
  ]),
)

const epoch = '5f2c9a1e77b04d63'
const hello = { channel: 'chat:general', body: '{"text":"Hello!"}', sender: 'alice' }
const messages = {
  'message-stored': { ...hello, timestamp: 1767225600.25, offset: 7, epoch },
  'message-with-id': {
    channel: 'chat:general',
    body: '"Hello!"',
    sender: null,
    timestamp: 1767225601,
    offset: 8,
    epoch,
    id: 'order-1742',
  },
  'message-ephemeral': {
    channel: 'chat:general',
    body: '{"typing":true}',
    sender: 'bob',
    timestamp: 1767225602.5,
  },
  'walk-history': {
    channel: 'chat:general',
    body: '{"text":"Anyone here?"}',
    sender: 'bob',
    timestamp: 1767225598.125,
    offset: 6,
    epoch,
  },
}

describe('golden frames', () => {
  it.each(Object.entries(messages))('%s', (name, parts) => {
    const message = Message.fromStored(parts)
    expect(message.toJson()).toBe(golden.get(name))
    expect(Message.fromJson(golden.get(name) ?? '')).toEqual(message)
  })

  it('error-frame', () => {
    const error = new ChanError(
      'rate-limited',
      'More than 20 messages per second.',
      'Wait a second, then send again.',
    )
    expect(encodeErrorFrame(error)).toBe(golden.get('error-frame'))
  })

  it('client frames', () => {
    expect(parseBridgeText(golden.get('client-json') ?? '')).toStrictEqual({ text: 'Hello!' })
    expect(parseBridgeText(golden.get('client-text') ?? '')).toBe('Hello!')
  })

  it('are all checked here', () => {
    expect([...golden.keys()].sort()).toEqual(
      [...Object.keys(messages), 'error-frame', 'client-json', 'client-text'].sort(),
    )
  })
})

describe('close codes', () => {
  const named = Array.from(
    document.matchAll(/^ *\| (\d{4}) +\| (\w+) +\| .+ \| (\w+) +\|$/gm),
    ([, code, name, verdict]) => [Number(code), name, verdict] as const,
  )
  const ranges = Array.from(
    document.matchAll(/^ *\| (\d{4}[^|]*) \| (\w+) +\|$/gm),
    ([, codes, verdict]) => [codes as string, verdict] as const,
  )

  it('names every code the code knows, and no other', () => {
    expect(Object.fromEntries(named.map(([code, name]) => [name, code]))).toEqual(CloseCode)
  })

  it.each(named)('%d (%s): %s', (code, _, verdict) => expect(closeVerdict(code)).toBe(verdict))

  it('the two tables cover every code from 1000 to 4999 once, with the verdict of the code', () => {
    const seen = new Map(named.map(([code, , verdict]) => [code, verdict]))
    for (const [codes, verdict] of ranges) {
      for (const [, from, to] of codes.matchAll(/(\d{4})(?:–(\d{4}))?/g)) {
        for (let code = Number(from); code <= Number(to ?? from); code++) {
          expect(seen.has(code), `${code} twice`).toBe(false)
          seen.set(code, verdict)
        }
      }
    }
    for (let code = 1000; code < 5000; code++) {
      expect(closeVerdict(code), `${code}`).toBe(seen.get(code))
    }
  })
})

it('clauses are numbered in order, and those referred to exist', () => {
  const numbers = Array.from(document.matchAll(/^- \*\*B-(\d+)\*\*/gm), (m) => Number(m[1]))
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  for (const [, number] of document.matchAll(/B-(\d+)/g)) expect(numbers).toContain(Number(number))
})
