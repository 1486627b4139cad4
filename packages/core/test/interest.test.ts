import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { InterestReporter } from '../src/hub/interest.js'
import { ManualClock } from '../src/testing/index.js'

function setUp(intervalMs: number) {
  const clock = new ManualClock()
  const reports: [string, number][][] = []
  const control = { fail: false }
  const errors: unknown[] = []
  const store = {
    reportInterest: async (counts: ReadonlyMap<string, number>) => {
      if (control.fail) throw new Error('no database')
      reports.push([...counts])
    },
    totalInterest: async () => 42,
  }
  const reporter = new InterestReporter(store, clock, intervalMs, (error) => errors.push(error))
  return { clock, reports, control, errors, reporter }
}

describe('InterestReporter', () => {
  test('reports what changed, the last count of each, at most once an interval', () => {
    const { clock, reports, reporter } = setUp(1_000)
    for (const count of [1, 2, 3]) reporter.changed('a', count)
    reporter.changed('b', 1)
    expect(reports).toEqual([])
    clock.advance(1_000)
    expect(reports).toEqual([
      [
        ['a', 3],
        ['b', 1],
      ],
    ])
    clock.advance(10_000)
    expect(reports).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('asking for a total reports own changes first', async () => {
    const { reports, reporter } = setUp(1_000)
    reporter.changed('a', 1)
    expect(await reporter.total('a')).toBe(42)
    expect(reports).toEqual([[['a', 1]]])
  })

  test('a failed report is told, and sent again with what changed meanwhile', async () => {
    const { clock, reports, control, errors, reporter } = setUp(1_000)
    control.fail = true
    reporter.changed('a', 1)
    reporter.changed('b', 1)
    await reporter.total('a')
    expect(errors).toHaveLength(1)
    control.fail = false
    reporter.changed('b', 2)
    clock.advance(1_000)
    expect(reports).toEqual([
      [
        ['a', 1],
        ['b', 2],
      ],
    ])
  })

  test('a failed report is sent again by itself, also where reports go out at once', async () => {
    for (const intervalMs of [0, 1_000]) {
      const { clock, reports, control, errors, reporter } = setUp(intervalMs)
      control.fail = true
      reporter.changed('a', 1)
      clock.advance(intervalMs)
      await waitFor(() => errors.length === 1, { deadlineMs: 1000, label: 'the failure' })
      control.fail = false
      clock.advance(1_000)
      expect(reports).toEqual([[['a', 1]]])
      expect(clock.pending).toBe(0)
    }
  })

  test('once closed it sends nothing more, whatever failed before', async () => {
    const { clock, reports, control, errors, reporter } = setUp(1_000)
    control.fail = true
    reporter.changed('a', 1)
    clock.advance(1_000)
    reporter.close()
    await waitFor(() => errors.length === 1, { deadlineMs: 1000, label: 'the failure' })
    control.fail = false
    clock.advance(10_000)
    expect(reports).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
