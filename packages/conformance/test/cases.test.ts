// How cases are registered and skipped, seen through a runner that only takes notes.

import * as nodeTest from 'node:test'
import { expect, test } from 'vitest'
import { runTopics, type Topic } from '../src/cases.js'
import type { Runner } from '../src/runner.js'

/** Registers two cases, and answers what the runner saw. */
function register(skips: Record<string, string>, topics = twoCases) {
  const titles: string[] = []
  const skipped: string[] = []
  const bodies = new Map<string, () => Promise<void>>()
  const record = (title: string, body: () => Promise<void>) => {
    titles.push(title)
    bodies.set(title, body)
  }
  const runner: Runner = {
    describe: (_name, body) => body(),
    test: Object.assign(record, { skip: (title: string) => skipped.push(title) }),
    expect,
  }
  const ended: string[] = []
  runTopics(runner, 'suite', topics, skips, async (body) => {
    try {
      await body('scene')
    } finally {
      ended.push('scene')
    }
  })
  return { titles, skipped, bodies, ended }
}

const ran: string[] = []
const twoCases: readonly Topic<string>[] = [
  { name: 'a', cases: [{ title: 'A1', run: async (scene) => void ran.push(`A1 ${scene}`) }] },
  { name: 'b', cases: [{ title: 'B1', run: () => Promise.reject(new Error('wrong')) }] },
]
const CHECK = 'every title and every skip names one case'

test('each case runs in a scene of its own, which ends whatever becomes of the case', async () => {
  const { titles, skipped, bodies, ended } = register({})
  expect([titles, skipped]).toEqual([['A1', 'B1', CHECK], []])
  await bodies.get('A1')?.()
  await expect(bodies.get('B1')?.()).rejects.toThrow('wrong')
  expect(ran).toEqual(['A1 scene'])
  expect(ended).toEqual(['scene', 'scene'])
})

test('a skip names its case and reason; one that matches nothing fails', async () => {
  const good = register({ B1: 'no such thing here' })
  expect([good.titles, good.skipped]).toEqual([['A1', CHECK], ['B1 (skipped: no such thing here)']])
  await good.bodies.get(CHECK)?.()
  for (const skips of [{ B2: 'renamed since' }, { toString: 'inherited' }]) {
    await expect(register(skips as never).bodies.get(CHECK)?.()).rejects.toThrow()
  }
})

test('a title given twice fails, because a skip could not tell them apart', async () => {
  const { bodies } = register({}, [...twoCases, ...twoCases])
  await expect(bodies.get(CHECK)?.()).rejects.toThrow()
})

test('node:test is a runner, too', () => {
  const { describe, test: nodeCase } = nodeTest
  const runner: Runner = { describe, test: nodeCase, expect }
  expect(typeof runner.test.skip).toBe('function')
})
