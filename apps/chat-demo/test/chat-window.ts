// The chat page as its visitors use it.

import { connected, type Page, type Visitors } from './browser.js'

/** Opens a room under a name, as somebody new. Resolves when the page shows who is there. */
export async function enterRoom(
  { visit }: Visitors,
  { url, room, user }: { readonly url: string; readonly room: string; readonly user: string },
): Promise<Page> {
  const page = await visit(`${url}/chat/?${new URLSearchParams({ room, user })}`)
  await connected(page)
  await page.locator('#members', { hasText: user }).waitFor()
  return page
}

export async function say(page: Page, words: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(words)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Messages with these words, in whatever state. */
export function lines(page: Page, words: string) {
  return page.locator('.message', { hasText: words })
}

/** Resolves when the server has the message, as far as the page knows. */
export function arrived(page: Page, words: string): Promise<void> {
  return lines(page, words).and(page.locator(':not(.pending)')).waitFor()
}
