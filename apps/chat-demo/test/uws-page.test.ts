// The chat page in a real browser, with its sockets on uWebSockets.js: another port than the page's.

import { expect, test } from 'vitest'
import { startDemo } from '../src/server.js'
import { connected, useBrowser } from './browser.js'
import { arrived, enterRoom, lines, say } from './chat-window.js'
import { useDemo } from './running-demo.js'
import { describeWithUws } from './uws-here.js'

const visitors = useBrowser()
const { visit } = visitors

const enter = (url: string, room: string, user: string) => enterRoom(visitors, { url, room, user })

describeWithUws('the chat page on uWebSockets.js', { timeout: 30_000 }, () => {
  const demo = useDemo({ uwsPort: 0 })

  test('shows two people each other: presence, messages, typing, privacy', async () => {
    const alice = await visit(`${demo.url}/chat/`)
    const opened = alice.waitForEvent('websocket')
    await alice.goto(`${demo.url}/chat/?room=pair&user=alice`)
    expect((await opened).url()).toBe(`${demo.socketUrl}/ws/chat/pair?user=alice`)
    await connected(alice)
    const bob = await enter(demo.url, 'pair', 'bob')
    await alice.locator('#members', { hasText: 'bob' }).waitFor()
    expect(await bob.locator('#members li').allTextContents()).toEqual(['alice', 'bob you'])
    await alice.locator('.system', { hasText: 'bob joined' }).waitFor()

    await say(alice, 'Hello Bob')
    await arrived(bob, 'Hello Bob')
    expect(await lines(bob, 'Hello Bob').locator('.name').textContent()).toBe('alice')
    await bob.getByLabel('Message', { exact: true }).pressSequentially('Hm')
    await alice.locator('#typing', { hasText: 'bob is typing…' }).waitFor()
    await say(bob, 'Hello Alice')
    await arrived(alice, 'Hello Alice')
    await say(alice, '@bob between us')
    await arrived(bob, 'between us')
    expect(await lines(bob, 'between us').locator('.tag').textContent()).toBe('private')

    await bob.context().close()
    await alice.locator('.system', { hasText: 'bob left' }).waitFor()
    await alice.context().close()
  })

  test('may be found under the name localhost', async () => {
    const page = await enter(demo.url.replace('127.0.0.1', 'localhost'), 'name', 'alice')
    await say(page, 'Hello')
    await arrived(page, 'Hello')
    await page.context().close()
  })

  test('finds the sockets of a server that was started anew, wherever they are', async () => {
    const place = { host: '127.0.0.1', uwsPort: 0 }
    const first = await startDemo({ port: 0, ...place })
    const page = await enter(first.url, 'phoenix', 'alice')
    await first.close()
    await page.locator('#status:not([data-state="open"])').waitFor()
    const port = Number(new URL(first.url).port)
    // Once with a port of their own, once on the page's.
    for (const options of [
      { port, ...place },
      { port, host: place.host },
    ]) {
      const next = await startDemo(options)
      await connected(page)
      await say(page, `on ${next.socketUrl}`)
      await arrived(page, `on ${next.socketUrl}`)
      await next.close()
      await page.locator('#status:not([data-state="open"])').waitFor()
    }
    await page.context().close()
  })
})
