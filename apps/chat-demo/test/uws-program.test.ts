// `npm run demo -- --adapter uws` as a person starts it, in a process of its own.

import { describe, expect, test } from 'vitest'
import { freePorts } from './free-ports.js'
import { runDemo, runProgram, serving } from './programs.js'
import { openSocket } from './socket-client.js'
import { describeWithUws } from './uws-here.js'

const UWS = ['--port', '0', '--adapter', 'uws']
const started = (...args: string[]) => serving(runDemo(...UWS, ...args))
const portOf = (url: string) => new URL(url).port

describeWithUws('a program on uWebSockets.js', { timeout: 60_000 }, () => {
  test('names both addresses, and stops on Ctrl-C with everybody told', async () => {
    const { child, output, exited, url, socketUrl } = await started()
    expect(portOf(socketUrl)).not.toBe(portOf(url))
    expect(output.stdout).toContain(
      `Sockets are on ${socketUrl}, by uWebSockets.js (--adapter uws).`,
    )
    const client = await openSocket(socketUrl, '/ws/chat/lobby?user=alice')
    await client.frame('the arrival', ({ data }) => data?.event === 'joined')
    child.kill('SIGINT')
    expect(await client.ended).toMatchObject({ code: 1012 })
    expect(await exited).toEqual([0, null])
    expect(output.stderr).toBe('')
  })

  // uWebSockets.js lets two processes share a port that they name, unless it is told not to.
  test('says that the port for sockets is taken, by its own kind too', async () => {
    const [port = 0] = await freePorts(1)
    await started('--socket-port', String(port))
    const { output, exited } = runDemo(...UWS, '--socket-port', String(port))
    expect(await exited).toEqual([1, null])
    expect(output.stderr.trim()).toBe(
      `Port ${port} on 127.0.0.1 is already in use. ` +
        `Try another: npm run demo -- --adapter uws --socket-port ${port + 1}`,
    )
  })
})

describe('a machine without uWebSockets.js', { timeout: 60_000 }, () => {
  const run = (...args: string[]) =>
    runProgram('src/main.ts', args, ['--import=./test/without-uws.mjs'])

  test('is told the ways out', async () => {
    const { output, exited } = run(...UWS)
    expect(await exited).toEqual([1, null])
    expect(output.stdout).toBe('')
    expect(output.stderr).toContain('The demo could not start. uWebSockets.js cannot be loaded.')
    expect(output.stderr).toContain("Cannot find package 'uWebSockets.js'")
    for (const words of ['npm:@uwsjs/core@20.51.4', 'glibc 2.27', '--adapter ws']) {
      expect(output.stderr).toContain(words)
    }
    expect(output.stderr).not.toContain('    at ')
  })

  test('has the demo on ws', async () => {
    const { child, exited } = await serving(run('--port', '0'))
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
  })
})
