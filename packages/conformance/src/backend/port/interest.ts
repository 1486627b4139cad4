// Counting subscribers over processes.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { Process } from '../process.js'
import type { Scene } from '../scene.js'

const total = (process: Process, channel: string) => process.backend.totalInterest(channel)

export const interest: Topic<Scene> = {
  name: 'interest',
  cases: [
    {
      title: 'B8 the total is the sum of what every living process reported last',
      async run({ name, pair, expect }) {
        const [a, b] = [name('a'), name('b')]
        const [one, other] = await pair()
        expect(await total(one, a)).toBe(0)
        await one.backend.reportInterest(
          new Map([
            [a, 2],
            [b, 1],
          ]),
        )
        await other.backend.reportInterest(new Map([[a, 3]]))
        await until('both', async () => (await total(one, a)) === 5)
        await one.backend.reportInterest(new Map([[a, 4]]))
        await until('the newer', async () => (await total(other, a)) === 7)
        await one.backend.reportInterest(
          new Map([
            [a, 0],
            [b, 0],
          ]),
        )
        await until('none', async () => (await total(other, b)) === 0)
        expect(await total(one, a)).toBe(3)
        await one.backend.reportInterest(new Map([[a, 0]]))
        expect(await total(one, a)).toBe(3)
      },
    },
    {
      title: 'B8 a process that closed or crashed counts nothing',
      async run({ name, processes, crash, expect }) {
        const channel = name('chat')
        const [closing, crashing, staying] = (await processes(3)) as [Process, Process, Process]
        for (const [at, process] of [closing, crashing, staying].entries()) {
          await process.backend.reportInterest(new Map([[channel, 10 ** at]]))
        }
        await until('all', async () => (await total(staying, channel)) === 111)
        await closing.backend.close()
        await until('two', async () => (await total(staying, channel)) === 110)
        await crash(crashing)
        await until('one', async () => (await total(staying, channel)) === 100)
        expect(await total(staying, channel)).toBe(100)
      },
    },
  ],
}
