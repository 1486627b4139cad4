import { ChanError } from '@chan/core'
import { DatabaseError } from 'pg'
import { expect, it } from 'vitest'
import { endsSession, isTransient, SessionLost, toChanError } from '../../src/connection/errors.js'

function refusal(code: string, severity = 'ERROR'): DatabaseError {
  return Object.assign(new DatabaseError('said no', 7, 'error'), { code, severity })
}

it('tells what ends a session from what refuses a query', () => {
  for (const code of ['57P01', '57P02', '57P03', '57P05', '08006', '08P01']) {
    expect(endsSession(refusal(code)), code).toBe(true)
  }
  expect(endsSession(refusal('53200', 'FATAL'))).toBe(true)
  expect(endsSession(new Error('read ECONNRESET'))).toBe(true)
  for (const code of ['23505', '55P03', '57014', '40001', 'CH001']) {
    expect(endsSession(refusal(code)), code).toBe(false)
  }
})

it('tells what passes by itself', () => {
  for (const code of ['40001', '40P01', '53100', '53200', '55P03', '57014', '25006']) {
    expect(isTransient(refusal(code)), code).toBe(true)
  }
  for (const code of ['42501', '42P01', '23505', '22021', 'CH002']) {
    expect(isTransient(refusal(code)), code).toBe(false)
  }
  expect(isTransient(new Error('53100'))).toBe(false)
})

it('says what did not happen, why, and what to do', () => {
  const lost = toChanError(new SessionLost('no answer within 5000 ms', true), 'Reading failed')
  expect(lost).toMatchObject({
    code: 'unavailable',
    retryable: true,
    message: 'Reading failed: the connection to PostgreSQL was lost (no answer within 5000 ms).',
  })
  const cause = refusal('42P01')
  expect(toChanError(cause, 'A message was not stored')).toMatchObject({
    code: 'invalid-option',
    retryable: false,
    message: "A message was not stored: PostgreSQL answered 'said no' (SQLSTATE 42P01).",
    hint: expect.stringContaining('chan-postgres sql'),
    cause,
  })
  for (const code of ['42501', '42883', '3F000']) {
    expect(toChanError(refusal(code), 'x').retryable, code).toBe(false)
  }
  for (const code of ['25006', '55P03', '53100', 'XX000']) {
    expect(toChanError(refusal(code), 'x'), code).toMatchObject({ code: 'unavailable' })
  }
})

it('does not take a mistake of ours for a lost connection', () => {
  const cause = new TypeError('x is not a function')
  expect(toChanError(cause, 'Reading failed')).toMatchObject({
    message: 'Reading failed: x is not a function.',
    cause,
  })
})

it('passes on what is said already', () => {
  const error = new ChanError('unavailable', 'a', 'b')
  expect(toChanError(error, 'Reading failed')).toBe(error)
})
