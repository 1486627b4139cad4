// The program as a person starts it, in a process of its own, and the reading of its arguments.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitFor } from '@chan/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { readArguments, startFailure } from '../src/cli.js'
import { openSocket } from './socket-client.js'

const children = new Set<ChildProcess>()

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

/** Runs the sources of all packages, so nothing has to be built first. */
function run(...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=@chan/source', '--import=tsx', 'src/main.ts', ...args],
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

async function started(...args: string[]) {
  const program = run('--port', '0', ...args)
  const url = await waitFor(() => /Chat +(http:\S+)\/chat\//.exec(program.output.stdout)?.[1], {
    deadlineMs: 20_000,
    label: 'the URL on the console',
  })
  return { ...program, url }
}

describe('a running program', { timeout: 30_000 }, () => {
  test('shows the pages, and stops on Ctrl-C with everybody told', async () => {
    const { child, output, exited, url } = await started()
    for (const page of ['chat', 'notifications', 'dashboard']) {
      expect(output.stdout).toContain(`${url}/${page}/`)
      expect((await fetch(`${url}/${page}/`)).status).toBe(200)
    }
    const client = await openSocket(url, '/ws/chat/lobby?user=alice')
    await client.frame('the arrival', ({ data }) => data?.event === 'joined')
    child.kill('SIGINT')
    expect(await client.ended).toMatchObject({ code: 1012 })
    expect(await exited).toEqual([0, null])
    expect(output.stderr).toBe('')
    expect(output.stdout).toContain('Stopping…')
  })

  test('stops on SIGTERM too', async () => {
    const { child, exited } = await started()
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  })

  test('stops at once on the second Ctrl-C', async () => {
    const { child, output, exited, url } = await started()
    // It never answers the closing handshake, so that stopping in order would take a while.
    const silent = await openSocket(url, '/ws/chat/lobby?user=alice')
    silent.pause()
    child.kill('SIGINT')
    await waitFor(() => output.stdout.includes('Stopping…'))
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    silent.resume()
    await silent.ended
  })

  test('says that the port is taken, and by which option to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { output, exited } = run('--port', String(port))
    expect(await exited).toEqual([1, null])
    expect(output.stderr.trim()).toBe(
      `Port ${port} on 127.0.0.1 is already in use. Try another: npm run demo -- --port ${port + 1}`,
    )
    other.close()
  })

  test('explains itself on unknown options', async () => {
    const { output, exited } = run('--prot', '4000')
    expect(await exited).toEqual([2, null])
    expect(output.stderr).toContain("'--prot'")
    expect(output.stderr).toContain('--port <number>')
    expect(output.stdout).toBe('')
  })

  test('explains itself on --help', async () => {
    const { output, exited } = run('--help')
    expect(await exited).toEqual([0, null])
    expect(output.stdout).toContain('--host <name>')
    expect(output.stderr).toBe('')
  })
})

describe('arguments', () => {
  test('default to port 3000 on loopback', () => {
    expect(readArguments([])).toEqual({
      kind: 'start',
      options: { port: 3000, host: '127.0.0.1' },
    })
  })

  test('may follow a -- that a package manager left', () => {
    expect(readArguments(['--', '--port=4000', '--host', '::1'])).toEqual({
      kind: 'start',
      options: { port: 4000, host: '::1' },
    })
  })

  test.each([
    [['--port', '65536']],
    [['--port', '-1']],
    [['--port', '80.5']],
    [['--port', 'http']],
    [['--port', '']],
    [['--port']],
    [['--host', '']],
    [['--verbose']],
    [['4000']],
  ])('%j are a mistake', (args) => {
    expect(readArguments(args)).toMatchObject({ kind: 'mistake', message: expect.any(String) })
  })
})

describe('failures to start', () => {
  const options = { port: 80, host: 'example.invalid' }
  test.each([
    ['EACCES', 'more rights'],
    ['EADDRNOTAVAIL', "no address 'example.invalid'"],
    ['ENOTFOUND', "no address 'example.invalid'"],
    ['EMFILE', 'could not start: boom'],
  ])('%s is explained', (code, words) => {
    expect(startFailure(Object.assign(new Error('boom'), { code }), options)).toContain(words)
  })
})
