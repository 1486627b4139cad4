// The chat page in a real browser.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import { startDemo } from '../src/server.js'
import { connected, useBrowser } from './browser.js'
import { arrived, enterRoom, lines, say } from './chat-window.js'
import { startProxy } from './cuttable-proxy.js'
import { useDemo } from './running-demo.js'

const demo = useDemo()
const visitors = useBrowser()
const { visit } = visitors

const enter = (room: string, user: string, url = demo.url) =>
  enterRoom(visitors, { url, room, user })

describe('a room', { timeout: 30_000 }, () => {
  test('is entered through the form, and the address remembers it', async () => {
    const page = await visit(`${demo.url}/chat/`)
    await page.getByLabel('Your name').fill('alice')
    await page.getByLabel('Room').fill('tea & cake')
    await page.getByRole('button', { name: 'Join' }).click()
    await connected(page)
    expect(await page.locator('h1:visible').textContent()).toBe('#tea & cake')
    expect(new URL(page.url()).searchParams.get('user')).toBe('alice')
    await page.context().close()
  })

  test('shows two people each other: presence, messages, comings and goings', async () => {
    const alice = await enter('pair', 'alice')
    const bob = await enter('pair', 'bob')
    await alice.locator('#members', { hasText: 'bob' }).waitFor()
    expect(await alice.locator('#member-count').textContent()).toBe('2')
    expect(await bob.locator('#members li').allTextContents()).toEqual(['alice', 'bob you'])
    await alice.locator('.system', { hasText: 'bob joined' }).waitFor()

    await say(alice, 'Hello Bob')
    await arrived(bob, 'Hello Bob')
    expect(await lines(bob, 'Hello Bob').locator('.name').textContent()).toBe('alice')
    expect(await lines(bob, 'Hello Bob').locator('time').textContent()).toMatch(/^\d\d:\d\d$/)
    await say(bob, 'Hello Alice')
    await arrived(alice, 'Hello Alice')

    await bob.context().close()
    await alice.locator('.system', { hasText: 'bob left' }).waitFor()
    await waitFor(async () => (await alice.locator('#member-count').textContent()) === '1')
    await alice.context().close()
  })

  test('tells who is typing, until the message is there', async () => {
    const alice = await enter('typing', 'alice')
    const bob = await enter('typing', 'bob')
    await bob.getByLabel('Message', { exact: true }).pressSequentially('Hm')
    await alice.locator('#typing', { hasText: 'bob is typing…' }).waitFor()
    expect(await bob.locator('#typing').textContent()).toBe('')
    await bob.getByLabel('Message', { exact: true }).press('Enter')
    await arrived(alice, 'Hm')
    expect(await alice.locator('#typing').textContent()).toBe('')
    await bob.getByLabel('Message', { exact: true }).pressSequentially('never sent')
    await alice.locator('#typing', { hasText: 'bob is typing…' }).waitFor()
    await waitFor(async () => (await alice.locator('#typing').textContent()) === '', {
      deadlineMs: 8_000,
      label: 'silence to be noticed',
    })
    await alice.context().close()
    await bob.context().close()
  })

  test('carries private messages to their receiver only', async () => {
    const alice = await enter('whisper', 'alice')
    const bob = await enter('whisper', 'Bob B.')
    const carol = await enter('whisper', 'carol')
    await alice.getByRole('button', { name: 'Bob B.' }).click()
    await alice.keyboard.type('between us')
    await alice.keyboard.press('Enter')
    await arrived(bob, 'between us')
    await arrived(alice, 'between us')
    expect(await lines(bob, 'between us').locator('.tag').textContent()).toBe('private')
    expect(await lines(alice, 'between us').locator('.tag').textContent()).toBe('private to Bob B.')
    await say(alice, 'for all')
    await arrived(carol, 'for all')
    expect(await lines(carol, 'between us').count()).toBe(0)

    await say(alice, '@nobody hello')
    await alice.getByRole('alert').filter({ hasText: 'nobody is not here.' }).waitFor()
    await lines(alice, 'Not sent').waitFor()
    await Promise.all([alice, bob, carol].map((page) => page.context().close()))
  })

  test('shows its history once after a reload', async () => {
    const alice = await enter('reload', 'alice')
    for (const words of ['first', 'second', 'third']) await say(alice, words)
    await arrived(alice, 'third')
    await alice.reload()
    await connected(alice)
    await arrived(alice, 'third')
    expect(await alice.locator('.message .text').allTextContents()).toEqual([
      'first',
      'second',
      'third',
    ])
    await alice.context().close()
  })

  test('never takes text for markup', async () => {
    const evil = '<img src=x onerror="document.title=1"><b>bold</b>'
    const page = await enter('markup', '<i>eve</i>')
    await say(page, evil)
    await arrived(page, evil)
    expect(await page.locator('.message img, .message .text b, #members i').count()).toBe(0)
    expect(await page.title()).toBe('#markup · Chan demo')
    await page.context().close()
  })

  test('keeps your place while you read back, and offers the way down', async () => {
    const alice = await enter('scroll', 'alice')
    const bob = await enter('scroll', 'bob')
    for (let n = 0; n < 30; n++) await say(bob, `line ${n}`)
    await arrived(alice, 'line 29')
    const distance = () =>
      alice.locator('#scroll').evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight)
    expect(await distance()).toBeLessThan(2)
    await alice.locator('#scroll').evaluate((element) => {
      element.scrollTop = 0
    })
    await say(bob, 'news')
    await alice.getByRole('button', { name: 'New messages' }).click()
    await waitFor(async () => (await distance()) < 2, { label: 'the end in view' })
    expect(await alice.getByRole('button', { name: 'New messages' }).isVisible()).toBe(false)
    await alice.context().close()
    await bob.context().close()
  })
})

describe('a lost connection', { timeout: 30_000 }, () => {
  test('is mended: what was missed comes, once, and what was written goes out', async () => {
    const proxy = await startProxy(demo.url)
    const alice = await enter('cut', 'alice', proxy.url)
    const bob = await enter('cut', 'bob')
    await say(bob, 'before')
    await arrived(alice, 'before')
    proxy.cut()
    await alice.locator('#status', { hasText: 'Connection lost' }).waitFor()
    await bob.locator('.system', { hasText: 'alice left' }).waitFor()
    await say(bob, 'meanwhile')
    await say(alice, 'written offline')
    await lines(alice, 'Sending…').waitFor()
    proxy.restore()
    await connected(alice)
    await arrived(alice, 'meanwhile')
    await arrived(bob, 'written offline')
    await arrived(alice, 'written offline')
    for (const words of ['before', 'meanwhile', 'written offline']) {
      expect(await lines(alice, words).count()).toBe(1)
    }
    expect(await lines(bob, 'written offline').count()).toBe(1)
    expect(await alice.locator('#members li').count()).toBe(2)
    await alice.context().close()
    await bob.context().close()
    await proxy.close()
  })

  test('because the server restarted comes back too', async () => {
    const first = await startDemo({ port: 0, host: '127.0.0.1' })
    const page = await enter('phoenix', 'alice', first.url)
    await say(page, 'before')
    await arrived(page, 'before')
    await first.close()
    await page.locator('#status:not([data-state="open"])').waitFor()
    const second = await startDemo({ port: Number(new URL(first.url).port), host: '127.0.0.1' })
    await connected(page)
    await page.locator('.note', { hasText: 'The server started anew' }).waitFor()
    await say(page, 'after')
    await arrived(page, 'after')
    expect(await lines(page, 'before').count()).toBe(1)
    await page.context().close()
    await second.close()
  })

  test('is not mended where the server refused', async () => {
    const page = await visit(`${demo.url}/chat/`)
    let attempts = 0
    await page.routeWebSocket('**/ws/chat/**', (socket) => {
      attempts += 1
      void socket.close({ code: 1008, reason: 'Go away' })
    })
    await page.goto(`${demo.url}/chat/?room=general&user=alice`)
    await page.locator('#status[data-state="refused"]', { hasText: 'Go away' }).waitFor()
    // What would hurry a page that waits to try again.
    await page.evaluate(() => dispatchEvent(new Event('online')))
    expect(attempts).toBe(1)
    await page.context().close()
  })
})
