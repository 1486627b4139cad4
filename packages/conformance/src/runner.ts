// What a suite needs from a test runner. vitest, jest, and node:test with the `expect` package have
// it under these names.

/** What `expect(value)` answers, as far as the suites use it. */
export interface Matchers {
  readonly not: Pick<Matchers, 'toBe' | 'toEqual' | 'toContain'>
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  toContain(expected: unknown): void
  toBeGreaterThan(expected: number): void
  toBeLessThan(expected: number): void
  toMatch(expected: RegExp): void
}

/** A test runner, passed in: the suites import none. Allow 60 s per test; most take milliseconds. */
export interface Runner {
  readonly describe: (name: string, body: () => void) => unknown
  readonly test: {
    (name: string, body: () => Promise<void>): unknown
    skip(name: string, body: () => Promise<void>): unknown
  }
  readonly expect: (actual: unknown) => Matchers
}
