import { describe, expect, it } from 'vitest'
import { cpuOfMachine, cpuOfTree } from '../src/measure/cpu.js'

describe.skipIf(process.platform !== 'linux')('processor time, which /proc tells', () => {
  it('grows with what a process does, and the machine’s with it', () => {
    const before = { own: cpuOfTree(process.pid), machine: cpuOfMachine() }
    const { user, system } = process.cpuUsage()
    while (process.cpuUsage().user + process.cpuUsage().system - user - system < 200_000);
    const own = (cpuOfTree(process.pid) ?? 0) - (before.own ?? 0)
    const machine = (cpuOfMachine() ?? 0) - (before.machine ?? 0)
    expect(own).toBeGreaterThanOrEqual(150_000)
    expect(machine).toBeGreaterThanOrEqual(100_000)
  })

  it('is nothing for a process that is not there', () => {
    expect(cpuOfTree(undefined)).toBeUndefined()
    expect(cpuOfTree(2 ** 30)).toBe(0)
  })
})
