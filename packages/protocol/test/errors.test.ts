import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  ChanError,
  type ChanErrorCode,
  codeVerdict,
  isChanError,
  PermissionError,
} from '../src/index.js'

describe('ChanError', () => {
  it('carries code, message, hint, cause and details', () => {
    const cause = new Error('socket hang up')
    const error = new ChanError('rate-limited', 'Too fast.', 'Wait.', {
      cause,
      details: { retryAfterMs: 250 },
    })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ code: 'rate-limited', message: 'Too fast.', hint: 'Wait.' })
    expect(error.cause).toBe(cause)
    expect(error.details.retryAfterMs).toBe(250)
    expect(error.stack).toMatch(/^ChanError: Too fast\./)
  })

  it('has no cause of its own and empty details when none are given', () => {
    const error = new ChanError('unavailable', 'm', 'h')
    expect(Object.hasOwn(error, 'cause')).toBe(false)
    expect(error.details).toEqual({})
    expect(new ChanError('unavailable', 'm', 'h', { cause: undefined })).toHaveProperty('cause')
  })

  it('shows a client nothing but code, message and hint', () => {
    const error = new ChanError('invalid-payload', 'm', 'h', {
      cause: new Error('secret'),
      details: { channel: 'private:staff' },
    })
    expect(error.toFrame()).toStrictEqual({
      error: { code: 'invalid-payload', message: 'm', hint: 'h' },
    })
  })
})

const verdicts: Record<ChanErrorCode, ReturnType<typeof codeVerdict>> = {
  'invalid-channel-name': 'stop',
  'invalid-payload': 'stop',
  'payload-too-large': 'stop',
  'schema-rejected': 'stop',
  'invalid-option': 'stop',
  'permission-denied': 'stop',
  unauthenticated: 'refresh',
  'rate-limited': 'retry',
  'limit-reached': 'retry',
  unavailable: 'retry',
  'outcome-unknown': 'retry',
  'layer-closed': 'stop',
  'layer-not-set': 'stop',
  'listen-disabled': 'stop',
  'listen-not-delivered': 'stop',
  'schema-newer': 'stop',
  'history-reset': 'resubscribe',
  'buffer-overflow': 'resubscribe',
}

describe('verdicts', () => {
  it.each(Object.entries(verdicts))('%s: %s', (code, verdict) => {
    expect(codeVerdict(code)).toBe(verdict)
    const { retryable } = new ChanError(code as ChanErrorCode, 'm', 'h')
    expect(retryable).toBe(verdict === 'retry')
  })

  it.each(['from-the-future', '', 'toString', '__proto__', 'constructor'])(
    'the unknown code %j stops',
    (code) => expect(codeVerdict(code)).toBe('stop'),
  )
})

describe('PermissionError', () => {
  it('names the user and the channel', () => {
    const error = new PermissionError('private:staff', 'hacker')
    expect(error.message).toBe("User 'hacker' not authorized for channel 'private:staff'")
    expect(error).toBeInstanceOf(ChanError)
    expect(error).toMatchObject({
      code: 'permission-denied',
      channel: 'private:staff',
      userId: 'hacker',
      retryable: false,
    })
    expect(error.stack).toMatch(/^PermissionError: User 'hacker'/)
  })

  it('names an anonymous user', () => {
    const error = new PermissionError('private:staff', null)
    expect(error.message).toBe("Anonymous user not authorized for channel 'private:staff'")
    expect(error.userId).toBeNull()
  })
})

describe('isChanError', () => {
  const error = new ChanError('unavailable', 'm', 'h')

  it('recognises by brand and by code', () => {
    expect(isChanError(error)).toBe(true)
    expect(isChanError(error, 'unavailable')).toBe(true)
    expect(isChanError(error, 'rate-limited')).toBe(false)
    expect(isChanError(new PermissionError('a', null), 'permission-denied')).toBe(true)
  })

  it('recognises errors of a duplicate copy of the package', () => {
    class Copy extends Error {
      code = 'unavailable'
      get [Symbol.for('chan.error')]() {
        return true
      }
    }
    const copy = new Copy()
    expect(copy).not.toBeInstanceOf(ChanError)
    expect(isChanError(copy, 'unavailable')).toBe(true)
  })

  it.each([null, undefined, 'unavailable', 1, {}, new Error('x'), { code: 'unavailable' }])(
    'refuses %o',
    (value) => expect(isChanError(value)).toBe(false),
  )

  it('cannot be forged by JSON', () => {
    expect(isChanError(JSON.parse(JSON.stringify(error)))).toBe(false)
  })

  it('narrows', () => {
    const value: unknown = error
    if (isChanError(value)) expectTypeOf(value).toEqualTypeOf<ChanError>()
    if (isChanError(value, 'outcome-unknown')) {
      expectTypeOf(value.code).toEqualTypeOf<'outcome-unknown'>()
    }
    // @ts-expect-error the union of codes is closed
    expect(isChanError(value, 'no-such-code')).toBe(false)
  })
})
