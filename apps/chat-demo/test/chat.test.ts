// Chat over real sockets, without a browser.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { useDemo } from './running-demo.js'
import { openSocket, refusedStatus } from './socket-client.js'

const demo = useDemo()

const join = (room: string, user: string) =>
  openSocket(demo.url, `/ws/chat/${encodeURIComponent(room)}?${new URLSearchParams({ user })}`)
const isSystem = (event: string, user: string) => (frame: { data?: Record<string, unknown> }) =>
  frame.data?.type === 'system' && frame.data.event === event && frame.data.user === user
const text = (words: string) => (frame: { data?: Record<string, unknown> }) =>
  frame.data?.type === 'message' && frame.data.text === words
const say = (words: string, id?: string) => JSON.stringify({ type: 'message', text: words, id })
async function members(room: string) {
  const response = await fetch(`${demo.url}/chat/${encodeURIComponent(room)}/presence`)
  return (await response.json()) as { members: { userId: string }[]; count: number }
}

describe('messages', () => {
  test('reach everybody in the room, with the sender the server knows', async () => {
    const alice = await join('lobby', 'alice')
    const bob = await join('lobby', 'bob')
    alice.send(JSON.stringify({ type: 'message', text: 'hello', sender: 'bob', user: 'bob' }))
    for (const client of [alice, bob]) {
      const frame = await client.frame('the message', text('hello'))
      expect(frame).toMatchObject({ channel: 'chat:lobby', sender: 'alice' })
      expect(frame.data).toEqual({ type: 'message', text: 'hello' })
    }
    await alice.close()
    await bob.close()
  })

  test('stay in their room', async () => {
    const alice = await join('one', 'alice')
    const bob = await join('two', 'bob')
    alice.send(say('only for one'))
    await alice.frame('the message', text('only for one'))
    bob.send(say('marker'))
    await bob.frame('the marker', text('marker'))
    expect(bob.frames.some(text('only for one'))).toBe(false)
    await alice.close()
    await bob.close()
  })

  test('of the past, the last 200, are sent to a newcomer in order', async () => {
    // Three senders, because one connection may send fifty frames a second, a hundred at once.
    for (const sender of ['a', 'b', 'c']) {
      const client = await join('long', sender)
      for (let n = 0; n < 80; n++) client.send(say(`${sender}${n}`))
      await client.frame('the last', text(`${sender}79`))
      await client.close()
    }
    const newcomer = await join('long', 'newcomer')
    await newcomer.frame('the own arrival', isSystem('joined', 'newcomer'))
    const past = newcomer.frames.filter((f) => f.data && !isSystem('joined', 'newcomer')(f))
    expect(past).toHaveLength(200)
    const offsets = past.map((frame) => frame.offset)
    expect(offsets).toEqual(Array.from({ length: 200 }, (_, n) => offsets[0] + n))
    await newcomer.close()
  })

  test('with an id arrive once, however often they are sent', async () => {
    const alice = await join('flaky', 'alice')
    alice.send(say('once', 'x1'))
    alice.send(say('once', 'x1'))
    await waitFor(() => alice.frames.filter((frame) => frame.ack === 'x1').length === 2)
    alice.send(say('after'))
    await alice.frame('the marker', text('after'))
    expect(alice.frames.filter(text('once'))).toHaveLength(1)
    expect(alice.frames.find(text('once'))).toMatchObject({ id: 'alice/x1' })
    await alice.close()
  })
})

describe('presence', () => {
  test('two tabs are one person: one arrival, one departure', async () => {
    const watcher = await join('tabs', 'watcher')
    const first = await join('tabs', 'alice')
    await watcher.frame('the arrival', isSystem('joined', 'alice'))
    const second = await join('tabs', 'alice')
    await second.frame('its own sync', (frame) => frame.presence?.type === 'sync')
    expect(await members('tabs')).toMatchObject({ count: 2 })
    await first.close()
    second.send(say('still here'))
    await watcher.frame('a message of the second tab', text('still here'))
    expect(watcher.frames.filter(isSystem('joined', 'alice'))).toHaveLength(1)
    expect(watcher.frames.some(isSystem('left', 'alice'))).toBe(false)
    await second.close()
    await watcher.frame('the departure', isSystem('left', 'alice'))
    expect((await members('tabs')).members.map(({ userId }) => userId)).toEqual(['watcher'])
    await watcher.close()
  })

  test('is told to the sockets of the room as it changes', async () => {
    const alice = await join('who', 'alice')
    const sync = await alice.frame('sync', (frame) => frame.presence?.type === 'sync')
    expect(sync.presence.members).toMatchObject([{ userId: 'alice' }])
    const bob = await join('who', 'bob')
    const arrival = await alice.frame('join', (frame) => frame.presence?.type === 'join')
    expect(arrival.presence.member).toMatchObject({ userId: 'bob' })
    await bob.close()
    const departure = await alice.frame('leave', (frame) => frame.presence?.type === 'leave')
    expect(departure.presence.member).toMatchObject({ userId: 'bob' })
    await alice.close()
  })

  test('is there for REST, also of a room nobody ever entered', async () => {
    expect(await members('ödes Zimmer: *')).toEqual({ members: [], count: 0 })
    const alice = await join('ödes Zimmer: *', 'Zoë')
    await alice.frame('the arrival', isSystem('joined', 'Zoë'))
    const { count, members: present } = await members('ödes Zimmer: *')
    expect(count).toBe(1)
    expect(present).toEqual([{ userId: 'Zoë', joinedAt: expect.any(Number) }])
    await alice.close()
  })

  test('of people who come and go at once leaves nothing behind', async () => {
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => (await join('door', `p${n}`)).close()),
    )
    await waitFor(async () => (await members('door')).count === 0, { label: 'everybody gone' })
  })
})

describe('typing', () => {
  test('is told at once and never stored', async () => {
    const alice = await join('typing', 'alice')
    const bob = await join('typing', 'bob')
    bob.send('{"type":"typing"}')
    const frame = await alice.frame('typing', ({ data }) => data?.type === 'typing')
    expect(frame).toMatchObject({ sender: 'bob', channel: 'chat:typing' })
    expect(frame.offset).toBeUndefined()
    const late = await join('typing', 'late')
    await late.frame('the own arrival', isSystem('joined', 'late'))
    expect(late.frames.some(({ data }) => data?.type === 'typing')).toBe(false)
    await Promise.all([alice, bob, late].map((client) => client.close()))
  })
})

describe('private messages', () => {
  const direct = (to: string, words: string) =>
    JSON.stringify({ type: 'direct', to, text: words, id: words })
  const isDirect = ({ data }: { data?: { type: string } }) => data?.type === 'direct'

  test('reach every tab of both people, in any room, and nobody else', async () => {
    const alice = await join('north', 'alice')
    const bob = await join('north', 'bob')
    const bobElsewhere = await join('south', 'bob')
    const carol = await join('north', 'carol')
    await bobElsewhere.frame('the arrival', isSystem('joined', 'bob'))
    await carol.frame('the arrival', isSystem('joined', 'carol'))
    alice.send(direct('bob', 'psst'))
    for (const client of [alice, bob, bobElsewhere]) {
      const frame = await client.frame('the private message', isDirect)
      expect(frame).toMatchObject({ sender: 'alice', data: { to: 'bob', text: 'psst' } })
    }
    await alice.frame('the acknowledgement', (frame) => frame.ack === 'psst')
    alice.send(say('marker'))
    await carol.frame('the marker', text('marker'))
    expect(carol.frames.some(isDirect)).toBe(false)
    for (const client of [alice, bob, bobElsewhere]) {
      expect(client.frames.filter(isDirect)).toHaveLength(1)
    }
    await Promise.all([alice, bob, bobElsewhere, carol].map((client) => client.close()))
  })

  test('to somebody who is not here are refused', async () => {
    const alice = await join('north', 'alice')
    alice.send(direct('nobody', 'hello?'))
    const frame = await alice.frame('the error', ({ error }) => error)
    expect(frame).toEqual({
      error: {
        code: 'invalid-command',
        message: 'nobody is not here.',
        hint: 'Private messages need an open chat.',
      },
      id: 'hello?',
    })
    await alice.close()
  })
})

describe('refusals', () => {
  test('anonymous users are turned away and see nothing', async () => {
    const alice = await join('staff', 'alice')
    alice.send(say('secret'))
    await alice.frame('the message', text('secret'))
    for (const path of ['/ws/chat/staff', '/ws/chat/staff?user=']) {
      const anonymous = await openSocket(demo.url, path)
      expect(await anonymous.ended).toMatchObject({ code: 1008 })
      expect(anonymous.frames).toEqual([])
    }
    expect(await members('staff')).toMatchObject({ count: 1 })
    await alice.close()
  })

  test('malformed names are refused before the upgrade', async () => {
    expect(await refusedStatus(demo.url, `/ws/chat/lobby?user=${'x'.repeat(41)}`)).toBe(400)
    expect(await refusedStatus(demo.url, '/ws/chat/lobby?user=%20alice')).toBe(400)
    expect(await refusedStatus(demo.url, '/ws/chat/a%0Ab?user=alice')).toBe(400)
    expect(await refusedStatus(demo.url, '/ws/nothing?user=alice')).toBe(404)
  })

  test.each([
    ['hello', 'This is not JSON.'],
    ['null', 'expected object'],
    ['{"type":"shout","text":"x"}', 'type:'],
    ['{"type":"message"}', 'text:'],
    ['{"type":"message","text":"   "}', 'text: must not be empty'],
    [JSON.stringify({ type: 'message', text: 'x'.repeat(2001) }), 'text: must be 2000 characters'],
    ['{"type":"direct","to":"","text":"x"}', 'to: must not be empty'],
    ['{"type":"direct","to":"\\ud800","text":"x"}', 'to: must not contain'],
    ['{"type":"message","text":"x","id":7}', 'id:'],
  ])('%.40s is answered with an error, and the socket stays', async (frame, message) => {
    const alice = await join('strict', 'alice')
    alice.send(frame)
    const answer = await alice.frame('the error', ({ error }) => error)
    expect(answer.error.code).toBe('invalid-command')
    expect(answer.error.message).toContain(message)
    expect(answer.error.hint).toContain('"type":"message"')
    alice.send(say('fine', 'fine'))
    await alice.frame('the next message', text('fine'))
    await alice.close()
  })
})
