// `npm run demo:cluster` as a person starts it, and every way in which it ends. Whatever happens, no
// process stays.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { childrenOf, isAlive, postgresSkipReason, waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { runProgram } from './programs.js'
import { openSocket } from './socket-client.js'

const READY = { deadlineMs: 60_000, label: 'the greeting' }
const GONE = { deadlineMs: 30_000, label: 'the end of every process' }
const run = (...args: string[]) => runProgram('src/cluster/main.ts', args)

async function started() {
  const program = run('--port', '0')
  const { stdout } = await waitFor(
    () => /Ctrl-C to stop/.test(program.output.stdout) && program.output,
    READY,
  )
  const urls = [...stdout.matchAll(/Chat +(http:\S+)\/chat\//g)].map((found) => found[1] ?? '')
  const servers = [...stdout.matchAll(/Server \d, process (\d+)/g)].map((found) => Number(found[1]))
  // The servers, the database, and who guards its folder.
  const family = childrenOf(program.child.pid ?? 0)
  const postgres = family.find((pid) => !servers.includes(pid) && childrenOf(pid).length > 2) ?? 0
  return { ...program, urls, servers, family, postgres }
}

const allGone = (family: readonly number[]) => waitFor(() => !family.some(isAlive), GONE)
const meet = (urls: readonly string[]) =>
  Promise.all(
    urls.map(async (url, index) => {
      const client = await openSocket(url, `/ws/chat/lobby?user=user${index}`)
      await client.frame('the own arrival', ({ data }) => data?.user === `user${index}`)
      return client
    }),
  )

describe.skipIf(postgresSkipReason())('the cluster', { timeout: 120_000 }, () => {
  test('has two servers that share everything, and stops in order on Ctrl-C', async () => {
    const { child, output, exited, urls, servers, family, postgres } = await started()
    expect(new Set(urls).size).toBe(2)
    expect(servers).toHaveLength(2)
    expect(family).toEqual(expect.arrayContaining([...servers, postgres]))
    const clients = await meet(urls)
    clients[0]?.send('{"type":"message","text":"hello"}')
    await clients[1]?.frame('the message', ({ data }) => data?.text === 'hello')
    child.kill('SIGINT')
    for (const client of clients) expect(await client.ended).toMatchObject({ code: 1012 })
    expect(await exited).toEqual([0, null])
    expect(output.stdout).toContain('Stopping…')
    expect(output.stderr).toBe('')
    await allGone(family)
  })

  test('stops at once on the second Ctrl-C', async () => {
    const { child, output, exited, urls, family } = await started()
    // They never answer the closing handshake, so that stopping in order would take a while.
    const clients = await meet(urls)
    for (const client of clients) client.pause()
    child.kill('SIGINT')
    await waitFor(() => output.stdout.includes('Stopping…'))
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    await allGone(family)
  })

  test('can be stopped while it starts', async () => {
    const { child, output, exited } = run('--port', '0')
    await waitFor(() => output.stdout.includes('Starting'), READY)
    const family = await waitFor(() => {
      const found = childrenOf(child.pid ?? 0)
      return found.length > 1 && found
    }, READY)
    child.kill('SIGINT')
    expect(await exited).toEqual([0, null])
    expect(output.stderr).toBe('')
    await allGone(family)
  })

  test('leaves nothing behind when it is killed', async () => {
    const { child, exited, urls, family } = await started()
    const clients = await meet(urls)
    child.kill('SIGKILL')
    await exited
    for (const client of clients) await client.ended
    await allGone(family)
  })

  test('goes on when a server dies, and ends with the last one', async () => {
    const { output, exited, urls, servers, family } = await started()
    const [survivor, victim] = await meet(urls)
    await survivor?.frame('the other', ({ data }) => data?.user === 'user1')
    process.kill(servers[1] ?? 0, 'SIGKILL')
    await victim?.ended
    await survivor?.frame('the departure', ({ data }) => data?.event === 'left')
    await waitFor(() => output.stdout.includes('Server 2 is gone (SIGKILL). The rest goes on'))
    const answer = await fetch(`${urls[0]}/chat/lobby/presence`)
    expect(await answer.json()).toMatchObject({ count: 1 })
    process.kill(servers[0] ?? 0, 'SIGKILL')
    expect(await exited).toEqual([1, null])
    expect(output.stderr).toContain('Server 1 is gone (SIGKILL), too. Stopping.')
    await allGone(family)
  })

  test('ends when its database dies', async () => {
    const { output, exited, family, postgres } = await started()
    process.kill(postgres, 'SIGKILL')
    expect(await exited).toEqual([1, null])
    expect(output.stderr).toContain('PostgreSQL is gone. Stopping.')
    await allGone(family)
  })

  test('says that a port is taken, and by which option to choose another', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    // Its second one, so that a server that is up has to be ended.
    const { output, exited } = run('--port', String(port - 1))
    expect(await exited).toEqual([1, null])
    // Somebody else may have taken the one before.
    expect(output.stderr.trim()).toMatch(
      /^Port \d+ on 127\.0\.0\.1 is already in use\. Try another: npm run demo:cluster -- --port \d+$/,
    )
    other.close()
  })
})
