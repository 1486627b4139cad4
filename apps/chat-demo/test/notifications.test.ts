// Notifications over real sockets and REST, without a browser.

import { describe, expect, test } from 'vitest'
import { useDemo } from './running-demo.js'
import { openSocket, refusedStatus } from './socket-client.js'

const demo = useDemo()

const open = (user: string) =>
  openSocket(demo.url, `/ws/notifications?${new URLSearchParams({ user_id: user })}`)

async function post(path: string, body: unknown, type = 'application/json') {
  const response = await fetch(`${demo.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

/** Resolves when the socket's channel is in the group, as far as a client can tell. */
async function present(...users: string[]) {
  for (const user of users) await post(`/notify/${user}`, { title: 'hello' })
}

const titled = (title: string) => (frame: { data?: { title: string } }) =>
  frame.data?.title === title

describe('POST /notify/:userId', () => {
  test('reaches this user, in every tab, and nobody else', async () => {
    const [alice, second, bob] = await Promise.all([open('alice'), open('alice'), open('bob')])
    const { status, body } = await post('/notify/alice', { title: 'Parcel', text: 'At the door' })
    expect(status).toBe(201)
    expect(body).toMatchObject({ channel: 'notifications:alice', data: { title: 'Parcel' } })
    for (const client of [alice, second]) {
      const frame = await client.frame('the notification', titled('Parcel'))
      expect(frame.data).toEqual({ kind: 'personal', title: 'Parcel', text: 'At the door' })
    }
    await post('/notify/bob', { title: 'Marker' })
    await bob.frame('the marker', titled('Marker'))
    expect(bob.frames.some(titled('Parcel'))).toBe(false)
    await Promise.all([alice, second, bob].map((client) => client.close()))
  })

  test('waits in the inbox of somebody who is away', async () => {
    await post('/notify/dora', { title: 'While you were out' })
    const dora = await open('dora')
    await dora.frame('the stored notification', titled('While you were out'))
    await dora.close()
  })
})

describe('POST /announce', () => {
  test('reaches everybody who is connected, once each, two tabs or one', async () => {
    const clients = await Promise.all([open('eve'), open('eve'), open('finn')])
    const [eve, again, finn] = clients
    await present('eve', 'finn')
    for (const client of clients) await client.frame('hello', titled('hello'))
    const { status, body } = await post('/announce', { title: 'Lunch' })
    expect(status).toBe(201)
    expect(body).toEqual({ reached: 2 })
    for (const client of clients) {
      const frame = await client.frame('the announcement', titled('Lunch'))
      expect(frame.data).toEqual({ kind: 'announcement', title: 'Lunch', text: '' })
    }
    await again.close()
    await post('/announce', { title: 'Coffee' })
    for (const client of [eve, finn]) await client.frame('the second', titled('Coffee'))
    for (const client of clients) expect(client.frames.filter(titled('Lunch'))).toHaveLength(1)
    await Promise.all([eve, finn].map((client) => client.close()))
  })
})

describe('refusals', () => {
  test('a viewer cannot publish', async () => {
    const mallory = await open('mallory')
    mallory.send('{"kind":"announcement","title":"free money","text":""}')
    const frame = await mallory.frame('the error', ({ error }) => error)
    expect(frame.error).toMatchObject({ code: expect.any(String), message: expect.any(String) })
    await post('/notify/mallory', { title: 'marker' })
    await mallory.frame('the marker', titled('marker'))
    expect(mallory.frames.some(titled('free money'))).toBe(false)
    await mallory.close()
  })

  test('a socket needs a user', async () => {
    expect(await refusedStatus(demo.url, '/ws/notifications')).toBe(400)
    expect(await refusedStatus(demo.url, '/ws/notifications?user_id=%20')).toBe(400)
  })

  test.each([
    ['/announce', 'not json', 400, 'not valid JSON'],
    ['/announce', {}, 400, 'title:'],
    ['/announce', { title: 7 }, 400, 'title:'],
    ['/announce', { title: 'x'.repeat(101) }, 400, 'title: must be 100 characters'],
    ['/notify/alice', { title: 'x', text: 'x'.repeat(1001) }, 400, 'text: must be 1000 characters'],
    [`/notify/${'x'.repeat(41)}`, { title: 'x' }, 400, 'userId must be a name'],
    ['/notify/a%00b', { title: 'x' }, 400, 'userId must be a name'],
    ['/announce', { title: 'x', text: 'x'.repeat(20_000) }, 413, '16384 bytes'],
    ['/notify', { title: 'x' }, 404, 'POST /notify'],
  ])('POST %.30s with %j answers %d', async (path, body, status, message) => {
    const answer = await post(path, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error.message).toContain(message)
    expect(answer.body.error.code).toEqual(expect.any(String))
  })

  test('a form of another site cannot post', async () => {
    const answer = await post('/announce', { title: 'x' }, 'text/plain')
    expect(answer.status).toBe(415)
  })
})
