// Handles by name live exactly as long as somebody holds them.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { waitFor } from '@chan/testkit'
import { expect, test } from 'vitest'
import { Registry } from '../src/channel/registry.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('the same name gives the same object while it is held; forgotten names cost nothing', async () => {
  const registry = new Registry<{ name: string }>()
  const held = registry.get('held', () => ({ name: 'held' }))
  for (let index = 0; index < 10_000; index++) {
    registry.get(`name-${index}`, () => ({ name: `name-${index}` }))
  }
  await waitFor(
    () => {
      collect()
      return registry.size === 1
    },
    { deadlineMs: 10_000, label: 'only the held name is left' },
  )
  expect(registry.get('held', () => ({ name: 'another' }))).toBe(held)
})
