// One call of several workers at once.

import type { Worker } from '@chan/testkit'

export function callEach<T>(
  workers: readonly Worker[],
  method: string,
  ...args: unknown[]
): Promise<T[]> {
  return Promise.all(workers.map((worker) => worker.call<T>(method, ...args)))
}
