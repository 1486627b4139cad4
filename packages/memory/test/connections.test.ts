// N4, N6–N8: how a reader comes and goes, and what else those who serve clients are promised.

import { isChanError } from '@chan/core'
import { type Session, type SessionEnd, servedChannel } from '@chan/core/connections'
import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { InMemoryBus } from '../src/index.js'
import { attached, open, turn, upTo } from './attached.js'

describe('N4 begin', () => {
  test.each([
    [Infinity, upTo(8)],
    [3, upTo(8, 6)],
    [0, []],
  ])('with %o of history', async (history, expected) => {
    const { publish, attach } = open()
    await publish(8)
    const { begin, seen, attachment, live } = attach()
    await begin(history)
    await attachment.replayed
    await live()
    expect(seen).toEqual(expected)
    await publish(1)
    expect(seen).toEqual([...expected, 9])
  })

  test('counts as a subscriber from then on, and says when history was delivered', async () => {
    const { chat, publish, attach } = open()
    await publish(3)
    const { begin, attachment, takes } = attach()
    takes(0)
    expect([chat.localSubscriberCount, attachment.replayed]).toEqual([0, undefined])
    await begin(Infinity)
    expect(chat.localSubscriberCount).toBe(1)
    let replayed = false
    void attachment.replayed?.then(() => (replayed = true))
    await turn()
    expect(replayed).toBe(false)
    takes(2)
    await turn()
    expect(replayed).toBe(false)
    takes(100)
    await waitFor(() => replayed, { label: 'replayed' })
  })

  test('has nothing to wait for where there is no history', async () => {
    const { begin, attachment } = open().attach()
    await begin(Infinity)
    expect([attachment.replayed, attachment.live]).toEqual([undefined, true])
  })

  test('of a layer that is closed is refused, and leaves nothing', async () => {
    const { layer, chat, attach } = open()
    const { begin, attachment } = attach()
    await layer.disconnect()
    const refused = await begin().catch((error: unknown) => error)
    expect(isChanError(refused, 'layer-closed')).toBe(true)
    await attachment.end()
    expect(chat.localSubscriberCount).toBe(0)
  })

  test('asks nobody for permission: that is for `authorize`', async () => {
    const { layer } = open()
    const staff = layer.channel('staff', { authFn: (_channel, user) => user === 'alice' })
    await attached(staff).begin(0, 'mallory')
    const served = servedChannel(staff)
    await served.authorize('alice')
    const refused = await served.authorize('mallory').catch((error: unknown) => error)
    expect(isChanError(refused, 'permission-denied')).toBe(true)
  })
})

describe('N6 end', () => {
  test('nothing is delivered after the call, whatever is on its way', async () => {
    const { chat, publish, attach } = open()
    await publish(30)
    const { begin, attachment, seen, takes } = attach()
    takes(5)
    await begin(Infinity)
    await waitFor(() => seen.length === 5, { label: 'five' })
    const ended = attachment.end()
    takes(100)
    await publish(1)
    await turn()
    expect(seen).toEqual(upTo(5))
    await Promise.all([ended, attachment.end(), attachment.end()])
    expect([chat.localSubscriberCount, attachment.live]).toEqual([0, false])
  })

  test('lets go of who waits for history', async () => {
    const { publish, attach } = open()
    await publish(3)
    const { begin, attachment, takes } = attach()
    takes(0)
    await begin(Infinity)
    const { replayed } = attachment
    await attachment.end()
    await replayed
  })

  test('before and during the beginning: it gets nothing, and counts for nothing', async () => {
    const { chat, publish, attach } = open()
    await publish(3)
    const [never, early] = [attach(), attach()]
    await never.attachment.end()
    await never.begin(Infinity)
    const beginning = early.begin(Infinity)
    await early.attachment.end()
    await beginning
    await publish(1)
    await turn()
    expect([never.seen, early.seen, chat.localSubscriberCount]).toEqual([[], [], 0])
  })

  test('in a delivery: that one was the last', async () => {
    const { publish, attach } = open()
    const one = attach()
    const { deliver } = one.reader
    one.reader.deliver = (message) => {
      deliver(message)
      void one.attachment.end()
    }
    await one.begin()
    await publish(3)
    expect(one.seen).toEqual([1])
  })

  test('of a user’s last subscription ends its bare presence in this process', async () => {
    const { chat, attach } = open()
    const [one, two] = [attach(), attach()]
    await one.begin(0, 'alice')
    await two.begin(0, 'alice')
    await chat.join('alice')
    await one.attachment.end()
    expect(await chat.presenceCount()).toBe(1)
    await two.attachment.end()
    expect(await chat.presenceCount()).toBe(0)
  })
})

test('N7 a user is present while anybody holds it; first and last are told', async () => {
  const { chat, served } = open()
  const { context } = served
  const [one, two] = [context.newHold(), context.newHold()]
  expect(one).not.toBe(two)
  expect(await served.hold('alice', one, { name: 'Alice' })).toMatchObject({ first: true })
  expect(await served.hold('alice', two, { name: 'Alice' })).toMatchObject({ first: false })
  expect(await served.release('alice', one, 'disconnected')).toEqual({ last: false })
  expect((await chat.presence()).map(({ userId }) => userId)).toEqual(['alice'])
  // Calls of a user keep their order, waited for or not.
  const [left, back] = [served.release('alice', two, 'disconnected'), served.hold('alice', one, {})]
  expect([await left, await back]).toMatchObject([{ last: true }, { first: true }])
  expect(await chat.presenceCount()).toBe(1)
})

describe('N8 sessions', () => {
  const session = () => {
    const ends: SessionEnd[] = []
    return { ends, endSession: (why) => void ends.push(why), revoke() {} } satisfies Session & {
      ends: SessionEnd[]
    }
  }

  test('of a user are ended from anywhere on the bus, and of nobody else', async () => {
    const bus = new InMemoryBus()
    const [here, there] = [open({ bus }), open({ bus })]
    const { sessions } = here.served.context
    const [alice, bob, anonymous] = [session(), session(), session()]
    sessions.add('alice', alice)
    sessions.add('bob', bob)
    sessions.add(null, anonymous)
    await sessions.ready()
    await there.layer.disconnectUser('alice')
    await waitFor(() => alice.ends.length > 0, { label: 'ended', deadlineMs: 1_000 })
    expect([alice.ends, bob.ends, anonymous.ends]).toEqual([['disconnected'], [], []])
    for (const [user, one] of [
      ['alice', alice],
      ['bob', bob],
      [null, anonymous],
    ] as const) {
      sessions.remove(user, one)
      sessions.remove(user, one)
    }
  })

  test('are ended when the layer closes, which waits until they are over', async () => {
    const { layer, served } = open()
    const { sessions, closing } = served.context
    const alice = session()
    sessions.add('alice', alice)
    let closed = false
    const disconnecting = layer.disconnect().then(() => (closed = true))
    await waitFor(() => alice.ends.length > 0, { label: 'ended' })
    expect([alice.ends, closing.aborted]).toEqual([['closing'], true])
    await turn()
    expect(closed).toBe(false)
    sessions.remove('alice', alice)
    await disconnecting
  })
})

test('a channel is one to those who serve it, whatever options it is named with', () => {
  const { layer } = open()
  const named = () =>
    servedChannel(layer.channel('one', { slowConsumer: 'conflate', conflateKey: () => 'key' }))
  const [first, second] = [named(), named()]
  // By this its frames are shared.
  expect(second).toBe(first)
})
