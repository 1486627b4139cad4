// Two servers on one database: whoever is on one meets whoever is on the other.

import { startWorker, waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { openSocket, type SocketClient } from './socket-client.js'
import { useTwoServers } from './two-servers.js'

const servers = useTwoServers()

const join = (url: string, room: string, user: string) =>
  openSocket(url, `/ws/chat/${room}?${new URLSearchParams({ user })}`)
const say = (text: string, id?: string) => JSON.stringify({ type: 'message', text, id })
const direct = (to: string, text: string) => JSON.stringify({ type: 'direct', to, text, id: text })
const text = (words: string) => (frame: { data?: Record<string, unknown> }) =>
  frame.data?.type === 'message' && frame.data.text === words
const system = (event: string, user: string) => (frame: { data?: Record<string, unknown> }) =>
  frame.data?.type === 'system' && frame.data.event === event && frame.data.user === user
const presence = (type: string, user: string) => (frame: SocketClient['frames'][number]) =>
  frame.presence?.type === type && frame.presence.member?.userId === user
async function close(...clients: readonly SocketClient[]) {
  await Promise.all(clients.map((client) => client.close()))
}
async function members(url: string, room: string) {
  const answer = await fetch(`${url}/chat/${room}/presence`)
  const body = (await answer.json()) as { members: { userId: string }[]; count: number }
  return body.members.map(({ userId }) => userId)
}
async function post(url: string, path: string, body: object) {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as { reached: number }
}

describe('chat', { timeout: 30_000 }, () => {
  test('messages cross both ways, in one order, and are history on either server', async () => {
    const alice = await join(servers.one, 'talk', 'alice')
    const bob = await join(servers.two, 'talk', 'bob')
    for (let n = 0; n < 20; n++) {
      alice.send(say(`a${n}`))
      bob.send(say(`b${n}`))
    }
    for (const client of [alice, bob]) {
      await client.frame("alice's last", text('a19'))
      await client.frame("bob's last", text('b19'))
    }
    const heard = ({ frames }: SocketClient) =>
      frames
        .filter(({ data }) => data?.type === 'message')
        .map(({ offset, data, sender }) => [offset, data.text, sender])
    expect(heard(alice)).toHaveLength(40)
    expect(heard(bob)).toEqual(heard(alice))
    const carol = await join(servers.two, 'talk', 'carol')
    await carol.frame('the own arrival', system('joined', 'carol'))
    expect(heard(carol)).toEqual(heard(alice))
    await close(alice, bob, carol)
  })

  test('everybody sees who is there, on both servers', async () => {
    const alice = await join(servers.one, 'who', 'alice')
    await alice.frame('the own arrival', system('joined', 'alice'))
    const bob = await join(servers.two, 'who', 'bob')
    await alice.frame("bob's presence", presence('join', 'bob'))
    for (const url of [servers.one, servers.two]) {
      expect(await members(url, 'who')).toEqual(['alice', 'bob'])
    }
    await bob.close()
    const { presence: change } = await alice.frame('the departure', presence('leave', 'bob'))
    expect(change.reason).toBe('disconnected')
    expect(await members(servers.two, 'who')).toEqual(['alice'])
    await close(alice)
  })

  test('a person with a tab on each server arrives once and leaves once', async () => {
    const watchers = [
      await join(servers.one, 'tabs', 'watcher1'),
      await join(servers.two, 'tabs', 'watcher2'),
    ]
    const people = Array.from({ length: 10 }, (_, n) => `p${n}`)
    const tabs = await Promise.all(
      people.flatMap((user) => [servers.one, servers.two].map((url) => join(url, 'tabs', user))),
    )
    for (const user of people) {
      for (const watcher of watchers) await watcher.frame(user, system('joined', user))
    }
    // Everybody has a tab left, on one server or the other.
    const isFirst = (index: number) => (index + Math.floor(index / 2)) % 2 === 0
    await close(...tabs.filter((_, index) => isFirst(index)))
    expect(await members(servers.one, 'tabs')).toHaveLength(12)
    await close(...tabs.filter((_, index) => !isFirst(index)))
    for (const user of people) {
      for (const watcher of watchers) await watcher.frame(user, system('left', user))
    }
    for (const [index, watcher] of watchers.entries()) watcher.send(say(`marker${index}`))
    for (const watcher of watchers) {
      await watcher.frame('a marker', text('marker0'))
      await watcher.frame('the other', text('marker1'))
      for (const user of people) {
        expect(watcher.frames.filter(system('joined', user)), user).toHaveLength(1)
        expect(watcher.frames.filter(system('left', user)), user).toHaveLength(1)
      }
    }
    await close(...watchers)
  })

  test('typing crosses, too, and is not kept', async () => {
    const alice = await join(servers.one, 'typing', 'alice')
    const bob = await join(servers.two, 'typing', 'bob')
    bob.send('{"type":"typing"}')
    const frame = await alice.frame('typing', ({ data }) => data?.type === 'typing')
    expect(frame).toMatchObject({ sender: 'bob' })
    expect(frame.offset).toBeUndefined()
    await close(alice, bob)
  })

  test('private messages find their receiver on the other server, as soon as it is there', async () => {
    const alice = await join(servers.one, 'north', 'alice')
    await alice.frame('the own arrival', system('joined', 'alice'))
    const bob = await join(servers.two, 'south', 'bob')
    await bob.frame('the own arrival', system('joined', 'bob'))
    alice.send(direct('bob', 'psst'))
    for (const client of [alice, bob]) {
      const frame = await client.frame('the message', ({ data }) => data?.type === 'direct')
      expect(frame).toMatchObject({ sender: 'alice', data: { to: 'bob', text: 'psst' } })
    }
    await alice.frame('the acknowledgement', (frame) => frame.ack === 'psst')
    await bob.close()
    await waitFor(async () => (await members(servers.one, 'south')).length === 0)
    // The inbox is let go of beside the room, not before it.
    await waitFor(async () => {
      alice.send(direct('bob', 'still there?'))
      const seen = alice.frames.length
      await waitFor(() => alice.frames.length > seen)
      return alice.frames.at(-1).error
    })
    expect(alice.frames.at(-1)).toMatchObject({
      error: { message: 'bob is not here.' },
      id: 'still there?',
    })
    await alice.close()
  })

  test('a message sent again on the other server arrives once', async () => {
    const first = await join(servers.one, 'moved', 'alice')
    first.send(say('once', 'x1'))
    await first.frame('the acknowledgement', (frame) => frame.ack === 'x1')
    await first.close()
    const second = await join(servers.two, 'moved', 'alice')
    second.send(say('once', 'x1'))
    await second.frame('the acknowledgement', (frame) => frame.ack === 'x1')
    second.send(say('marker'))
    await second.frame('the marker', text('marker'))
    expect(second.frames.filter(text('once'))).toHaveLength(1)
    await second.close()
  })

  test('a server that dies takes its people with it: each leaves once', async () => {
    const { databaseUrl } = servers
    const entry = new URL('./demo-worker.ts', import.meta.url)
    const doomed = await startWorker(entry, { env: { DATABASE_URL: databaseUrl } })
    const doomedUrl = await doomed.call<string>('url')
    const watchers = await Promise.all(
      [servers.one, servers.one, servers.two].map((url, n) => join(url, 'crash', `watcher${n}`)),
    )
    const victims = ['v1', 'v2', 'v3']
    const clients = await Promise.all(victims.map((user) => join(doomedUrl, 'crash', user)))
    // One of them has a tab elsewhere, and stays.
    const elsewhere = await join(servers.two, 'crash', 'v3')
    for (const user of victims) {
      for (const watcher of watchers) await watcher.frame(user, system('joined', user))
    }
    await elsewhere.frame('sync', (frame) => frame.presence?.type === 'sync')
    await doomed.kill()
    await Promise.all(clients.map((client) => client.ended))
    for (const user of ['v1', 'v2']) {
      for (const watcher of watchers) {
        const { presence: change } = await watcher.frame(user, presence('leave', user))
        expect(change.reason).toBe('timed-out')
        await watcher.frame(user, system('left', user))
      }
    }
    for (const [index, watcher] of watchers.entries()) watcher.send(say(`marker${index}`))
    for (const watcher of watchers) {
      for (const index of watchers.keys()) await watcher.frame('marker', text(`marker${index}`))
      for (const user of ['v1', 'v2']) {
        expect(watcher.frames.filter(system('left', user)), user).toHaveLength(1)
      }
      expect(watcher.frames.some(system('left', 'v3'))).toBe(false)
    }
    expect(await members(servers.one, 'crash')).toContain('v3')
    await close(...watchers, elsewhere)
  })
})

describe('notifications', { timeout: 30_000 }, () => {
  const open = (url: string, user: string) =>
    openSocket(url, `/ws/notifications?${new URLSearchParams({ user_id: user })}`)
  const titled = (title: string) => (frame: { data?: { title: string } }) =>
    frame.data?.title === title

  test('posted to one server arrive on the other, now or later', async () => {
    await post(servers.one, '/notify/dora', { title: 'While you were out' })
    const dora = await open(servers.two, 'dora')
    await dora.frame('the stored one', titled('While you were out'))
    await post(servers.one, '/notify/dora', { title: 'Parcel' })
    const frame = await dora.frame('the new one', titled('Parcel'))
    expect(frame.data).toEqual({ kind: 'personal', title: 'Parcel', text: '' })
    await dora.close()
  })

  test('to everybody reach the people of both servers, each tab once', async () => {
    const clients = [
      await open(servers.one, 'eve'),
      await open(servers.two, 'eve'),
      await open(servers.two, 'finn'),
    ]
    // Whoever was sent its history and something new is in the group.
    for (const user of ['eve', 'finn'])
      await post(servers.one, `/notify/${user}`, { title: 'hello' })
    for (const client of clients) await client.frame('hello', titled('hello'))
    expect(await post(servers.one, '/announce', { title: 'Lunch' })).toEqual({ reached: 2 })
    expect(await post(servers.two, '/announce', { title: 'Coffee' })).toEqual({ reached: 2 })
    for (const client of clients) {
      await client.frame('the second announcement', titled('Coffee'))
      expect(client.frames.filter(titled('Lunch'))).toHaveLength(1)
    }
    await close(...clients)
  })
})

describe('the dashboard', { timeout: 30_000 }, () => {
  test('shows each server its own minute, live and at REST', async () => {
    const seen = new Set<string>()
    for (const url of [servers.one, servers.two]) {
      const viewer = await openSocket(url, '/ws/dashboard')
      await waitFor(() => viewer.frames.length >= 3, { deadlineMs: 10_000, label: 'three samples' })
      const { server } = viewer.frames[0].data
      expect(viewer.frames.every(({ data }) => data.server === server)).toBe(true)
      const answer = await fetch(`${url}/api/metrics/snapshot`)
      const { metrics } = (await answer.json()) as { metrics: { server: string }[] }
      expect(metrics.length).toBeGreaterThanOrEqual(3)
      expect(metrics).toContainEqual(viewer.frames[0].data)
      expect(metrics.every((sample) => sample.server === server)).toBe(true)
      seen.add(server)
      await viewer.close()
    }
    expect(seen.size).toBe(2)
  })
})
