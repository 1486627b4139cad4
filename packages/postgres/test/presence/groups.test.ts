import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { newName, testCluster } from './cluster.js'
import type { Process } from './process.js'

const cluster = testCluster()
const members = async (process: Process, group: string) =>
  [...(await process.parts.groups.members(group))].sort()

describe('groups', () => {
  test('a channel is a member while it was added or is held', async () => {
    const group = newName()
    const [one, other] = [await cluster.join(), await cluster.join()]
    await one.parts.groups.addMember(group, 'added', null)
    await one.parts.groups.addMember(group, 'added', 'h')
    await one.parts.groups.addMember(group, 'held', 'h')
    await other.parts.groups.addMember(group, 'held', 'h')
    expect(await members(other, group)).toEqual(['added', 'held'])
    await one.parts.groups.removeMember(group, 'added', 'h')
    await one.parts.groups.removeMember(group, 'held', 'h')
    await one.parts.groups.removeMember(group, 'held', 'h')
    expect(await members(other, group)).toEqual(['added', 'held'])
    await other.parts.groups.removeMember(group, 'held', 'h')
    await other.parts.groups.removeMember(group, 'added', null)
    expect(await members(other, group)).toEqual([])
  })

  test('discarding ends a membership whoever holds it, and every holder hears of it', async () => {
    const group = newName()
    const [one, other] = [await cluster.join(), await cluster.join()]
    await one.parts.groups.addMember(group, 'a', 'h')
    await one.parts.groups.addMember(group, 'b', 'h')
    await other.parts.groups.removeMember(group, 'a', null)
    expect(await members(one, group)).toEqual(['b'])
    await waitFor(() => one.parts.stats().holds === 1)
    expect(one.heard).toEqual([])
  })

  test('names of any legal kind', async () => {
    const one = await cluster.join()
    for (const name of ['__proto__', `'"; -- \\`, '用户🔑', '{a,"b"}', 'ü'.repeat(127)]) {
      const group = `${newName()}${name}`
      await one.parts.groups.addMember(group, name, null)
      await one.parts.groups.addMember(group, `${name}!`, name)
      expect(await members(one, group)).toEqual([name, `${name}!`].sort())
      await one.parts.groups.removeMember(group, `${name}!`, name)
      expect(await members(one, group)).toEqual([name])
    }
  })
})

describe('interest', () => {
  test('is the sum of what everybody reported last', async () => {
    const [a, b] = [newName(), newName()]
    const [one, other] = [await cluster.join(), await cluster.join()]
    const total = (channel: string) => one.parts.interest.totalInterest(channel)
    await one.parts.interest.reportInterest(
      new Map([
        [a, 2],
        [b, 1],
      ]),
    )
    await other.parts.interest.reportInterest(new Map([[a, 3]]))
    expect([await total(a), await total(b), await total(newName())]).toEqual([5, 1, 0])
    await Promise.all([
      one.parts.interest.reportInterest(new Map([[a, 7]])),
      one.parts.interest.reportInterest(new Map([[a, 4]])),
      one.parts.interest.reportInterest(new Map([[b, 0]])),
    ])
    expect([await total(a), await total(b)]).toEqual([7, 0])
    await other.close()
    expect(await total(a)).toBe(4)
  })
})
