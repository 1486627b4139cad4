// A few people talking in the room `general`, and a notification or two: something to look at.

import type { Demo } from '../src/server.js'
import type { Page } from './browser.js'
import { openSocket } from './socket-client.js'

const people = ['tom', 'ines', 'jonas'] as const
type Person = (typeof people)[number] | 'maya'

const said: readonly (readonly [from: Person, text: string, to?: Person])[] = [
  ['tom', 'Morning! The new build is up on staging.'],
  ['ines', 'Already clicking through it. The room list feels so much faster now.'],
  ['ines', 'One thing: the sidebar jumps when I resize the window.'],
  ['maya', 'Saw that too, it is the scrollbar. I have a fix, five minutes.'],
  ['jonas', 'Shall we ship it before lunch, or wait for the translations?'],
  ['tom', 'Translations are in, I merged them last night.'],
  ['ines', 'Could you look over my pull request first? Second pair of eyes.', 'maya'],
  ['maya', 'On it.', 'ines'],
  ['maya', 'Fix is in. Before lunch, I say.'],
  ['jonas', 'Then let’s go. Lunch is on me if nothing breaks.'],
]

export interface Conversation {
  /** The people say what they have to say, once. */
  talk(): Promise<void>
  /** Somebody types until the page, which shows the room, says so. */
  showTyping(page: Page): Promise<void>
  /** Fills the inbox of maya. */
  notify(): Promise<void>
  end(): Promise<void>
}

/** Everybody enters; maya is the one who looks at the page, and writes from a second tab. */
export async function gather({
  url,
  socketUrl,
}: Pick<Demo, 'url' | 'socketUrl'>): Promise<Conversation> {
  const sockets = new Map<Person, Awaited<ReturnType<typeof openSocket>>>()
  async function enter(person: Person) {
    const known = sockets.get(person)
    if (known) return known
    const socket = await openSocket(socketUrl, `/ws/chat/general?user=${person}`)
    await socket.frame('sync', (frame) => frame.presence?.type === 'sync')
    sockets.set(person, socket)
    return socket
  }
  for (const person of people) await enter(person)

  return {
    async talk() {
      for (const [index, [person, text, to]] of said.entries()) {
        const socket = await enter(person)
        const id = `line-${index}`
        socket.send(JSON.stringify({ type: to ? 'direct' : 'message', to, text, id }))
        await socket.frame(`"${text}"`, (frame) => frame.ack === id)
      }
    },
    async showTyping(page) {
      const jonas = await enter('jonas')
      jonas.send('{"type":"typing"}')
      await page.locator('#typing', { hasText: 'jonas is typing…' }).waitFor()
    },
    async notify() {
      const text = 'ines asks for a second pair of eyes.'
      await post(`${url}/notify/maya`, { title: 'Review requested', text })
      await post(`${url}/notify/maya`, { title: 'Build 412 passed' })
      await post(`${url}/announce`, { title: 'Lunch at one', text: 'Jonas pays.' })
    },
    async end() {
      await Promise.all([...sockets.values()].map((socket) => socket.close()))
    },
  }
}

async function post(address: string, body: unknown): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${address} answered ${response.status}`)
}
