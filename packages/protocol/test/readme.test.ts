import { expect, it, vi } from 'vitest'

it('the quickstart runs as it stands', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const { general, copy } = await import('snippet:../README.md#ts-1')
  expect(general.name).toBe('chat:general')
  expect(copy.data).toEqual({ text: 'Hello!' })
  expect(log).toHaveBeenCalledWith('alice', 'Hello!', copy.date)
})
