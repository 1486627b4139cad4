// Programs of the demo as a person starts them, each in a process of its own. They run the sources of
// all packages, so nothing has to be built first. What a test leaves running is ended after it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitFor } from '@chan/testkit'
import { afterEach } from 'vitest'

const children = new Set<ChildProcess>()

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

export type Program = ReturnType<typeof runProgram>

/** `options` are Node's. */
export function runProgram(
  entry: string,
  args: readonly string[],
  options: readonly string[] = [],
) {
  const child = spawn(
    process.execPath,
    ['--conditions=@chan/source', '--import=tsx', ...options, entry, ...args],
    { cwd: new URL('..', import.meta.url), stdio: ['ignore', 'pipe', 'pipe'] },
  )
  children.add(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const exited = once(child, 'close') as Promise<[number | null, string | null]>
  return { child, output, exited }
}

/** `npm run demo`, with these arguments. */
export function runDemo(...args: string[]) {
  return runProgram('src/main.ts', args)
}

/** Resolves when it serves, to the addresses that it shows. */
export async function serving(program: Program) {
  const [, url = '', socketUrl = ''] = await waitFor(
    () => /Chat +(http:\S+)\/chat\/.*Sockets are on (ws:\S+),/s.exec(program.output.stdout),
    { deadlineMs: 20_000, label: 'the addresses on the console' },
  )
  return { ...program, url, socketUrl }
}
