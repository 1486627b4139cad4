// The README is run, not copied.

import { waitFor } from '@chan/testkit'
import { afterEach, expect, test, vi } from 'vitest'

const log = vi.spyOn(console, 'log').mockImplementation(() => {})
afterEach(() => log.mockClear())

test('the quickstart prints what it says', async () => {
  await import('snippet:../README.md#ts-1')
  expect(log.mock.calls).toEqual([
    ['alice: Hello!'],
    ['alice: Anybody here?'],
    [['Anybody here?']],
    [['alice is Alice']],
  ])
})

test('the cluster in one process', async () => {
  await import('snippet:../README.md#cluster')
  await waitFor(() => log.mock.calls.length > 0)
  expect(log.mock.calls).toEqual([['alice', 'timed-out']])
})

test('a transaction that fails, and one that does not', async () => {
  await import('snippet:../README.md#transaction')
  expect(log.mock.calls).toEqual([['out of stock'], [1, 'cancelled']])
})

// Here, because core knows no backend.
test('the quickstart of @chan/core', async () => {
  await import('snippet:../../core/README.md#ts-1')
  expect(log.mock.calls).toEqual([['Hello!'], [1, 1]])
})

test('the transaction of @chan/core', async () => {
  await import('snippet:../../core/README.md#transaction')
  expect(log.mock.calls).toEqual([['order 1']])
})

test('the revoke of @chan/core', async () => {
  await import('snippet:../../core/README.md#revoke')
  expect(log.mock.calls).toEqual([
    ['revoked', "User 'alice' not authorized for channel 'staff'"],
    ['bob', 'Hello!'],
  ])
})
