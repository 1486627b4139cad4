// waitFor answers the value, and its failure says what was waited for and what was seen.
import { expect, test, vi } from 'vitest'
import { waitFor } from '../src/index.js'

test('answers the first truthy value, awaited or not', async () => {
  let looks = 0
  expect(await waitFor(() => (++looks < 3 ? undefined : looks))).toBe(3)
  expect(await waitFor(async () => 'ready')).toBe('ready')
})

test('fails with the label and the last value', async () => {
  await expect(waitFor(() => 0, { deadlineMs: 30, label: 'three members' })).rejects.toThrow(
    'three members: not within 30 ms, it was last 0',
  )
})

test('a throw is "not yet", and becomes the cause', async () => {
  const refused = new Error('refused')
  const failing = waitFor(() => Promise.reject(refused), { deadlineMs: 30, label: 'the server' })
  await expect(failing).rejects.toMatchObject({
    message: expect.stringContaining('it last threw Error: refused'),
    cause: refused,
  })
})

test('a condition that hangs does not outlive the deadline', async () => {
  const hanging = waitFor(() => new Promise<never>(() => {}), { deadlineMs: 30, label: 'a reply' })
  await expect(hanging).rejects.toThrow('a reply: not within 30 ms, the condition itself')
})

test('fake timers do not stop it', async () => {
  vi.useFakeTimers()
  try {
    await expect(waitFor(() => false, { deadlineMs: 30 })).rejects.toThrow('it was last false')
  } finally {
    vi.useRealTimers()
  }
})
