// Quantiles, and the middle of runs.

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Of the values as they are; sorts them in place. */
export function quantilesOf(values: Float64Array | number[]): Quantiles {
  const sorted = values instanceof Float64Array ? values.sort() : values.sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2
}
