import { describe, expect, it } from 'vitest'
import { atLeast, atMost } from '../src/bench.js'
import { describeBench, describeTargets, table } from '../src/report/text.js'

describe('report', () => {
  it('aligns numbers to the right and text to the left, with three digits', () => {
    const rows = [
      { run: 'one', 'messages/s': 47_238.4, 'p50 ms': 0.123_45 },
      { run: 'another', 'messages/s': 9, lost: 1 },
    ]
    expect(table(rows)).toEqual([
      'run      messages/s  p50 ms  lost',
      'one          47,238   0.123     –',
      'another           9       –     1',
    ])
  })

  it('says of each target whether it was met, and never hides a failure', () => {
    const report = {
      name: 'lone',
      title: 'alone',
      seconds: 2,
      rows: [],
      targets: [atMost('p50', 1.2, 1.5, ' ms'), atLeast('rate', 9, 10)],
      failed: 'Error: no',
    }
    const text = describeBench(report)
    expect(text).toMatch(/failed: Error: no/)
    expect(text).toMatch(/met +p50: 1.2 \(wanted ≤ 1.5 ms\)/)
    expect(text).toMatch(/MISSED +rate: 9 \(wanted ≥ 10\)/)
    expect(describeTargets({ suite: 's', facts: {}, benches: [report] })).toMatch(/rate.*MISSED/)
  })
})
