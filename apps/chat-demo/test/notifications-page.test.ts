// The notifications page in a real browser.

import { expect, test } from 'vitest'
import { connected, type Page, useBrowser } from './browser.js'
import { startProxy } from './cuttable-proxy.js'
import { useDemo } from './running-demo.js'

const demo = useDemo()
const { visit } = useBrowser()

async function open(user: string, url = demo.url): Promise<Page> {
  const page = await visit(`${url}/notifications/?${new URLSearchParams({ user_id: user })}`)
  await connected(page)
  return page
}
const notice = (page: Page, title: string) => page.locator('.notice', { hasText: title })
async function send(page: Page, title: string, text = '') {
  await page.getByLabel('Title').fill(title)
  await page.getByLabel('Text').fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

test('a notification reaches one inbox, an announcement all of them', {
  timeout: 30_000,
}, async () => {
  const alice = await open('alice')
  const bob = await open('bob')
  await alice.getByLabel('User', { exact: true }).fill('bob')
  await send(alice, 'Parcel', '<b>At</b> the door')
  await alice.getByText('Sent to bob.').waitFor()
  await notice(bob, 'Parcel').waitFor()
  expect(await notice(bob, 'Parcel').locator('.text').textContent()).toBe('<b>At</b> the door')
  expect(await notice(bob, 'Parcel').locator('.kind').textContent()).toBe('For you')

  await alice.getByLabel('Everybody connected').check()
  await send(alice, 'Lunch')
  await notice(bob, 'Lunch').waitFor()
  await notice(alice, 'Lunch').waitFor()
  expect(await notice(alice, 'Lunch').locator('.kind').textContent()).toContain('everybody')
  expect(await notice(alice, 'Parcel').count()).toBe(0)
  // The newest is on top, also after a reload, and nothing is there twice.
  await bob.reload()
  await notice(bob, 'Lunch').waitFor()
  await notice(bob, 'Parcel').waitFor()
  expect(await bob.locator('.notice .title').allTextContents()).toEqual(['Lunch', 'Parcel'])
  await alice.context().close()
  await bob.context().close()
})

test('the inbox is opened through the form', async () => {
  const page = await visit(`${demo.url}/notifications/`)
  await page.getByLabel('Your name').fill('gina')
  await page.getByRole('button', { name: 'Open' }).click()
  await connected(page)
  expect(await page.locator('h1:visible').textContent()).toBe('gina’s inbox')
  await page.getByText('Nothing yet.').waitFor()
  await page.context().close()
})

test('after a lost connection nothing is missing and nothing is twice', {
  timeout: 30_000,
}, async () => {
  const proxy = await startProxy(demo.url)
  const hugo = await open('hugo', proxy.url)
  const other = await open('other')
  await other.getByLabel('User', { exact: true }).fill('hugo')
  await send(other, 'One')
  await notice(hugo, 'One').waitFor()
  proxy.cut()
  await hugo.locator('#status', { hasText: 'Connection lost' }).waitFor()
  await send(other, 'Two')
  proxy.restore()
  await notice(hugo, 'Two').waitFor()
  expect(await hugo.locator('.notice .title').allTextContents()).toEqual(['Two', 'One'])
  await hugo.context().close()
  await other.context().close()
  await proxy.close()
})
