// A process full of sockets, as the benchmarks see it.

import { startWorker, type Worker, waitFor } from '@chan/testkit'
import type { CrowdPlan, Opened } from './client/crowd.js'

export function startLoad(): Promise<Worker> {
  return startWorker(new URL('./client/load.ts', import.meta.url))
}

/** Resolves when the server knows all that were not refused. */
export async function openSockets(
  load: Worker,
  server: Worker,
  plan: Omit<CrowdPlan, 'port'>,
): Promise<Opened> {
  const before = await server.call<number>('size')
  const port = await server.call<number>('port')
  const opened = await load.call<Opened>('open', { ...plan, port })
  await waitFor(async () => (await server.call<number>('size')) >= before + opened.opened, {
    label: 'the server to know all sockets',
  })
  return opened
}

/** Resolves when the server knows of so many: those that are gone are forgotten. */
export async function sizeIs(server: Worker, sockets: number): Promise<void> {
  await waitFor(async () => (await server.call<number>('size')) === sockets, {
    label: `the server to have ${sockets} sockets`,
  })
}

/** Throws where not all were opened. */
export function assertAllOpen({ opened, refused, why }: Opened): void {
  if (refused > 0) throw new Error(`${refused} sockets were refused, ${opened} not: ${why}`)
}
