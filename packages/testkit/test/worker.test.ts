// Real processes: what they answer, how they die, and that none outlives its test.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startWorker, type WorkerOptions, waitFor } from '../src/index.js'
import { bundleWorker } from '../src/processes/bundle-worker.js'
import { isAlive } from '../src/processes/process-tree.js'

const entry = new URL('./fixtures/worker/calculator.ts', import.meta.url)

async function start(options?: WorkerOptions) {
  const worker = await startWorker(entry, options)
  onTestFinished(() => worker.kill().then(() => {}))
  return worker
}

test('answers calls, with anything that can be cloned', async () => {
  const worker = await start()
  expect(worker.pid).not.toBe(process.pid)
  expect(await worker.call<number>('add', 2, 3)).toBe(5)
  expect(await worker.call('none')).toBeUndefined()
  expect(await worker.call('big')).toEqual(new Map([[1n, new Uint8Array([1, 2])]]))
  const many = await Promise.all(Array.from({ length: 100 }, (_, i) => worker.call('add', i, 1)))
  expect(many).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
})

test('finds packages of npm and files beside its source', async () => {
  const worker = await start()
  expect(await worker.call('escape')).toBe('"a""b"')
  expect(await worker.call('beside')).toBe('the file beside the source')
})

test('passes arguments, environment and events, also those before anyone listened', async () => {
  const worker = await start({ args: ['a', 'b c'], env: { GREETING: 'hi' } })
  const heard: unknown[] = []
  worker.on('hello', (args: string[], greeting: string) => heard.push(args, greeting))
  expect(heard).toEqual([['a', 'b c'], 'hi'])
})

test('hands over errors with their fields', async () => {
  const worker = await start()
  const refused: Error = await worker.call('refuse').then(
    () => expect.unreachable(),
    (error) => error,
  )
  expect(refused).toBeInstanceOf(Error)
  expect(refused).toMatchObject({
    name: 'Refusal',
    message: 'no',
    code: 'refused',
    hint: 'ask again',
  })
  expect(refused.stack).toContain('calculator.ts')
  await expect(worker.call('unclonable')).rejects.toThrow('could not be cloned')
  await expect(worker.call('add', () => {})).rejects.toThrow('could not be cloned')
  await expect(worker.call('missing')).rejects.toThrow("no method 'missing'")
  await expect(start({ env: { FAIL: '1' } })).rejects.toMatchObject({ code: 'refused' })
})

test('a worker that dies rejects what is open and what comes after', async () => {
  const killed = await start()
  const open = expect(killed.call('never')).rejects.toThrow('died of SIGKILL')
  expect(await killed.kill()).toEqual({ code: null, signal: 'SIGKILL' })
  await open
  await expect(killed.call('add', 1, 1)).rejects.toThrow('died of SIGKILL')
  expect(isAlive(killed.pid)).toBe(false)

  const leaving = await start()
  await expect(leaving.call('exit', 3)).rejects.toThrow(/exit code 3; it wrote:\nleaving/)
  expect(await leaving.exited).toEqual({ code: 3, signal: null })
})

test('a paused worker answers when it is resumed, and can be killed', async () => {
  const worker = await start()
  worker.pause()
  let answered = false
  const answer = worker.call('add', 1, 2).then((sum) => {
    answered = true
    return sum
  })
  const other = await start()
  await other.call('add', 1, 2)
  expect(answered).toBe(false)
  worker.resume()
  expect(await answer).toBe(3)
  worker.pause()
  expect(await worker.kill()).toEqual({ code: null, signal: 'SIGKILL' })
})

// SIGKILL gives a process no chance to tidy up. A paused or spinning worker cannot notice.
test.skipIf(process.platform === 'win32').each(['idle', 'paused', 'spinning'])(
  'no %s worker outlives a test that is killed',
  { timeout: 30_000 },
  async (state) => {
    const program = await bundleWorker(
      fileURLToPath(new URL('./fixtures/worker/doomed.ts', import.meta.url)),
    )
    const doomed = spawn(process.execPath, [program, fileURLToPath(entry), state], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    doomed.stdout.on('data', (chunk) => {
      output += chunk
    })
    const pid = Number(
      await waitFor(() => /worker (\d+)\n/.exec(output)?.[1], { deadlineMs: 20_000 }),
    )
    expect(isAlive(pid)).toBe(true)
    doomed.kill('SIGKILL')
    await waitFor(() => !isAlive(pid), { label: 'the end of the worker' })
  },
)
