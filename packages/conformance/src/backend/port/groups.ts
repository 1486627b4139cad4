// Group membership: for good, or while somebody holds it.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

const members = async (process: Process, group: string) =>
  [...(await process.backend.members(group))].sort()

export const groups: Topic<Scene> = {
  name: 'groups',
  cases: [
    {
      title: 'B8 a group has each member once, seen by every process',
      async run({ name, pair, expect }) {
        const group = name('news')
        const [one, other] = await pair()
        expect(await members(one, group)).toEqual([])
        await one.backend.addMember(group, 'a', null)
        await other.backend.addMember(group, 'a', null)
        await other.backend.addMember(group, 'b', null)
        await one.backend.addMember(group, 'a', 'hold')
        expect(await members(one, group)).toEqual(['a', 'b'])
        expect(await members(other, group)).toEqual(['a', 'b'])
        await one.backend.removeMember(group, 'a', null)
        await one.backend.removeMember(group, 'never', null)
        expect(await members(other, group)).toEqual(['b'])
      },
    },
    {
      title: 'B8 a held membership ends with its last hold, an added one stays',
      async run({ name, pair, expect }) {
        const group = name('news')
        const [one, other] = await pair()
        await one.backend.addMember(group, 'held', 'h')
        await other.backend.addMember(group, 'held', 'h')
        await one.backend.addMember(group, 'both', 'h')
        await one.backend.addMember(group, 'both', null)
        await one.backend.removeMember(group, 'held', 'h')
        await one.backend.removeMember(group, 'held', 'h')
        expect(await members(one, group)).toEqual(['both', 'held'])
        await other.backend.removeMember(group, 'held', 'h')
        await one.backend.removeMember(group, 'both', 'h')
        expect(await members(other, group)).toEqual(['both'])
      },
    },
    {
      title: 'B8 discarding ends a membership whoever holds it; releases after that are no-ops',
      async run({ name, pair, expect }) {
        const group = name('news')
        const [one, other] = await pair()
        await one.backend.addMember(group, 'a', 'h')
        await other.backend.addMember(group, 'a', 'h')
        await one.backend.removeMember(group, 'a', null)
        expect(await members(other, group)).toEqual([])
        await other.backend.addMember(group, 'a', 'again')
        await one.backend.removeMember(group, 'a', 'h')
        await other.backend.removeMember(group, 'a', 'h')
        expect(await members(one, group)).toEqual(['a'])
      },
    },
    {
      title: 'B8 holds of a process end with it, closed or crashed; what was added for good stays',
      async run({ name, processes, crash, expect }) {
        const group = name('news')
        const [closing, crashing, staying] = (await processes(3)) as [Process, Process, Process]
        await closing.backend.addMember(group, 'closing', 'h')
        await crashing.backend.addMember(group, 'crashing', 'h')
        await crashing.backend.addMember(group, 'shared', 'h')
        await staying.backend.addMember(group, 'shared', 'h')
        await crashing.backend.addMember(group, 'added', null)
        await closing.backend.close()
        await crash(crashing)
        await until('both to be gone', async () => (await members(staying, group)).length === 2)
        expect(await members(staying, group)).toEqual(['added', 'shared'])
      },
    },
    {
      title: 'B9 groups and channels have namespaces of their own and opaque names',
      async run({ name, process, expect }) {
        const one = await process()
        const same = name('same')
        await one.backend.addMember(same, same, null)
        await one.backend.addMember(same, '__proto__', null)
        await one.backend.addMember(`${same} `, "'; --", null)
        await one.append(same, 1)
        expect(await members(one, same)).toEqual(['__proto__', same])
        expect(await members(one, `${same} `)).toEqual(["'; --"])
        expect(await one.history(same)).toEqual([1])
      },
    },
    {
      title: 'B8 a group of ten thousand channels',
      async run({ name, process, expect }) {
        const group = name('news')
        const one = await process()
        const channels = upTo(10_000).map((n) => `channel-${n}`)
        await Promise.all(channels.map((channel) => one.backend.addMember(group, channel, null)))
        expect(await members(one, group)).toEqual(channels.sort())
      },
    },
  ],
}
