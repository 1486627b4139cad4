import { describe, expect, it } from 'vitest'
import { medianOf, quantilesOf } from '../src/measure/numbers.js'

describe('numbers', () => {
  it('finds quantiles of values in any order', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => (index * 7) % 1_000)
    expect(quantilesOf(values)).toEqual({ p50: 500, p99: 990, max: 999 })
    expect(quantilesOf(Float64Array.of(3, 1, 2))).toEqual({ p50: 2, p99: 3, max: 3 })
  })

  it('says NaN of nothing', () => {
    expect(quantilesOf([])).toEqual({ p50: Number.NaN, p99: Number.NaN, max: Number.NaN })
  })

  it('finds the median of odd and even numbers of runs', () => {
    expect(medianOf([30, 10, 20])).toBe(20)
    expect(medianOf([40, 10, 20, 30])).toBe(25)
  })
})
