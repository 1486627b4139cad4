import { describe, expect, test } from 'vitest'
import { clearMembers, type Operation, putHold, removeHold } from '../../src/presence/operation.js'
import { FakeServer } from './fake-server.js'

const put = (userId: string) => putHold('chat', 'h', { userId, joinedAt: 5, metadata: '{}' })
const release = (userId: string) => removeHold('chat', userId, 'h', 'left')
const removeAll = (userId: string) => removeHold('chat', userId, null, 'left')

const FIRST = `1\u001f5`
const LAST = '1'
const reply = (...answers: string[]) => ({ as_of: '7', answers: answers.join('\u001e') })
const unknown = { as_of: null, answers: null }

/** What became of each, as a word. */
async function outcomes(promises: readonly Promise<{ changed: boolean }>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((one) =>
    one.status === 'fulfilled' ? `${one.value.changed}` : one.reason.code,
  )
}

function started(): FakeServer {
  const server = new FakeServer()
  server.queue.entered(1, false)
  return server
}

function run(server: FakeServer, ...operations: Operation[]) {
  const calls = operations.map((operation) => server.queue.run(operation))
  // Looked at later.
  for (const call of calls) call.catch(() => {})
  return calls
}

describe('batches', () => {
  test('what one turn asks for goes together, what comes meanwhile in the next', async () => {
    const server = started()
    const early = run(server, put('a'), put('b'))
    const first = await server.call()
    expect(first.operations).toEqual(['put a', 'put b'])
    const late = run(server, release('a'), put('c'))
    await server.idle()
    first.answer(reply(FIRST, `0\u001f3`))
    const second = await server.call()
    expect(second.operations).toEqual(['release a', 'put c'])
    expect(second.number).toBeGreaterThan(first.number)
    second.answer(reply(LAST, FIRST))
    expect(await outcomes(early)).toEqual(['true', 'false'])
    expect(await outcomes(late)).toEqual(['true', 'true'])
    expect(await early[1]).toEqual({ changed: false, joinedAt: 3 })
  })

  test('nothing is sent before there is a node, nor after it was found taken out', async () => {
    const server = new FakeServer()
    const calls = run(server, put('a'))
    await server.idle()
    server.queue.entered(1, false)
    ;(await server.call()).refuse('CH004')
    await server.idle()
    expect(server.takenOut).toEqual([1])
    server.queue.entered(2, false)
    ;(await server.call('presence_held')).answer({ as_of: '9', held: null })
    const again = await server.call()
    expect([again.node, again.operations]).toEqual([2, ['put a']])
    again.answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true'])
  })

  test('one that is refused fails alone, and its neighbours keep their order', async () => {
    const server = started()
    const calls = run(server, put('a'), put('bad'), put('c'))
    ;(await server.call()).refuse('22021')
    const left = await server.call()
    expect(left.operations).toEqual(['put a'])
    left.answer(reply(FIRST))
    ;(await server.call()).refuse('22021')
    ;(await server.call()).refuse('22021')
    const right = await server.call()
    expect(right.operations).toEqual(['put c'])
    right.answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true', 'unavailable', 'true'])
  })

  test.each(['55P03', '40001', 'CH001'])('%s passes: the batch is sent again', async (state) => {
    const server = started()
    const calls = run(server, put('a'), put('b'))
    ;(await server.call()).refuse(state)
    const again = await server.call()
    expect(again.operations).toEqual(['put a', 'put b'])
    expect(server.serverChanges).toBe(state === 'CH001' ? 1 : 0)
    again.answer(reply(FIRST, FIRST))
    expect(await outcomes(calls)).toEqual(['true', 'true'])
  })
})

describe('an answer that was lost', () => {
  test('is asked for: what was done is answered truthfully, and not done again', async () => {
    const server = started()
    const calls = run(server, put('a'), removeAll('b'))
    const first = await server.call()
    first.lose(true)
    const settle = await server.call('presence_settle')
    expect([settle.node, settle.number]).toEqual([first.node, first.number])
    settle.answer(reply(FIRST, LAST))
    expect(await outcomes(calls)).toEqual(['true', 'true'])
    await server.idle()
  })

  test('to what was not done: it is sent again, under a new number', async () => {
    const server = started()
    const calls = run(server, put('a'))
    const first = await server.call()
    first.lose(true)
    // Lost once more while asking.
    ;(await server.call('presence_settle')).lose(true)
    ;(await server.call('presence_settle')).answer(unknown)
    const again = await server.call()
    expect(again.number).toBeGreaterThan(first.number)
    again.answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true'])
  })

  test('to what was never sent is none', async () => {
    const server = started()
    const calls = run(server, put('a'))
    ;(await server.call()).lose(false)
    ;(await server.call()).answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true'])
  })

  test('for a node that is gone: removals are unknown, puts are done for the new one', async () => {
    const server = started()
    const held = run(server, put('b'))
    ;(await server.call()).answer(reply(FIRST))
    await Promise.all(held)
    const calls = run(server, put('a'), release('b'), removeAll('c'))
    ;(await server.call()).lose(true)
    ;(await server.call('presence_settle')).refuse('CH004')
    server.queue.entered(2, false)
    ;(await server.call('presence_held')).answer({ as_of: '9', held: null })
    const again = await server.call()
    // What was being released is not put again.
    expect([again.node, again.operations]).toEqual([2, ['put a']])
    again.answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true', 'outcome-unknown', 'outcome-unknown'])
  })
})

describe('the deadline', () => {
  test('passed unsent: nothing is done any more, but what was held is released', async () => {
    const server = started()
    server.connected = false
    const calls = run(server, put('a'), release('b'), removeAll('c'), clearMembers('chat'))
    await server.idle()
    server.clock.advance(4_999)
    await server.idle()
    server.clock.advance(1)
    expect(await outcomes(calls)).toEqual(Array(4).fill('unavailable'))
    expect(server.queue.length).toBe(1)
    server.connected = true
    const release_ = await server.call()
    expect(release_.operations).toEqual(['release b'])
    release_.answer(reply('0'))
    await server.idle()
    expect(server.queue.length).toBe(0)
  })

  test('passed under way: the outcome is unknown, and a put that was done is taken back', async () => {
    const server = started()
    const calls = run(server, put('a'), removeAll('b'))
    const first = await server.call()
    server.clock.advance(5_000)
    expect(await outcomes(calls)).toEqual(['outcome-unknown', 'outcome-unknown'])
    first.lose(true)
    ;(await server.call('presence_settle')).answer(reply(FIRST, LAST))
    const undo = await server.call()
    expect(undo.operations).toEqual(['release a'])
    undo.answer(reply(LAST))
    await server.idle()
    expect(server.holds.size).toBe(0)
  })

  test('passed under way: what was not done is not done later', async () => {
    const server = started()
    const calls = run(server, put('a'), release('b'))
    const first = await server.call()
    server.clock.advance(5_000)
    expect(await outcomes(calls)).toEqual(['outcome-unknown', 'outcome-unknown'])
    first.lose(true)
    ;(await server.call('presence_settle')).answer(unknown)
    const again = await server.call()
    expect(again.operations).toEqual(['release b'])
    again.answer(reply(LAST))
    await server.idle()
  })

  test('passed while a hold was refreshed: it is still held', async () => {
    const server = started()
    const held = run(server, put('a'))
    ;(await server.call()).answer(reply(FIRST))
    await Promise.all(held)
    const calls = run(server, put('a'))
    const refresh = await server.call()
    server.clock.advance(5_000)
    expect(await outcomes(calls)).toEqual(['outcome-unknown'])
    refresh.answer(reply(`0\u001f5`))
    await server.idle()
    expect(server.holds.size).toBe(1)
  })
})

describe('a comparison', () => {
  const all = { as_of: '9', held: null }

  async function holding(...users: string[]): Promise<FakeServer> {
    const server = started()
    const calls = run(server, ...users.map(put))
    ;(await server.call()).answer(reply(...users.map(() => FIRST)))
    await Promise.all(calls)
    return server
  }

  test('comes before anything else, and so does what it finds', async () => {
    const server = await holding('a')
    server.queue.entered(2, false)
    const calls = run(server, put('b'))
    ;(await server.call('presence_held')).answer(all)
    const repair = await server.call()
    expect([repair.node, repair.operations]).toEqual([2, ['restore a']])
    repair.answer(reply(FIRST))
    ;(await server.call()).answer(reply(FIRST))
    expect(await outcomes(calls)).toEqual(['true'])
    expect(server.holds.size).toBe(2)
  })

  test('that is interrupted is made again, and still puts everything', async () => {
    const server = await holding('a', 'b')
    server.queue.entered(2, false)
    ;(await server.call('presence_held')).answer(all)
    ;(await server.call()).lose(true)
    ;(await server.call('presence_settle')).answer(unknown)
    const repair = await server.call()
    // A new session meanwhile, and the database kept the node: what it lacks is our doing.
    server.queue.entered(2, true)
    repair.lose(false)
    ;(await server.call('presence_held')).answer(all)
    const again = await server.call()
    expect(again.operations).toEqual(['restore a', 'restore b'])
    again.answer(reply(FIRST, FIRST))
    await server.idle()
    expect(server.holds.size).toBe(2)
  })

  test('does not put what is about to be released', async () => {
    const server = await holding('a', 'b')
    server.connected = false
    const calls = run(server, release('a'))
    server.queue.entered(2, false)
    server.connected = true
    ;(await server.call('presence_held')).answer(all)
    const repair = await server.call()
    expect(repair.operations).toEqual(['restore b'])
    repair.answer(reply(FIRST))
    const last = await server.call()
    expect(last.operations).toEqual(['release a'])
    last.answer(reply('0'))
    expect(await outcomes(calls)).toEqual(['false'])
    expect(server.holds.size).toBe(1)
  })
})

describe('the end', () => {
  test('rejects what waits and what is under way, and everything after it', async () => {
    const server = started()
    const sent = run(server, put('a'))
    const call = await server.call()
    const waiting = run(server, put('b'), release('a'))
    server.queue.close()
    expect(await outcomes([...sent, ...waiting, ...run(server, put('c'))])).toEqual(
      Array(4).fill('layer-closed'),
    )
    call.lose(true)
    await server.idle()
    expect([server.clock.pending, server.reports]).toEqual([0, []])
  })

  test('of a process without a node: what was under way is unknown', async () => {
    const server = new FakeServer()
    server.queue.entered(null, true)
    const calls = run(server, removeAll('a'))
    const call = await server.call()
    expect(call.node).toBe(null)
    call.lose(true)
    expect(await outcomes(calls)).toEqual(['outcome-unknown'])
  })

  test('of patience: releases are always taken', async () => {
    const server = new FakeServer()
    const calls = run(server, ...Array.from({ length: 50_001 }, (_, n) => put(`user-${n}`)))
    const last = calls.pop() as Promise<{ changed: boolean }>
    expect(await outcomes([last])).toEqual(['limit-reached'])
    calls.push(...run(server, release('a')))
    server.queue.close()
    expect(new Set(await outcomes(calls))).toEqual(new Set(['layer-closed']))
  })
})
