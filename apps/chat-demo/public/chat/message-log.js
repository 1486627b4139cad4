// The log of the conversation: appends, keeps the newest in view unless you scrolled up, and shows
// your own messages as pending until the server sends them back.

import { make } from '../shared/page.js'
import { renderDay, renderMessage, renderNote } from './message-view.js'

const MOST_SHOWN = 500
const CLOSE_TO_END_PX = 80

/**
 * @typedef {{ type: 'message', text: string }
 *   | { type: 'typing' }
 *   | { type: 'system', event: 'joined' | 'left', user: string }
 *   | { type: 'direct', to: string, text: string }} ChatData
 * @typedef {{ channel: string, data: ChatData, sender: string | null, timestamp: number,
 *   offset?: number, epoch?: string, id?: string }} ChatMessage
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.list
 * @param {HTMLElement} options.scroll the element that scrolls
 * @param {HTMLElement} options.newer the button that leads back to the end
 * @param {string} options.me
 */
export function createMessageLog({ list, scroll, newer, me }) {
  /** @type {ChatMessage | undefined} */
  let previous
  /** @type {Map<string, HTMLElement>} */
  const pending = new Map()

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < CLOSE_TO_END_PX
  const toEnd = () => {
    scroll.scrollTop = scroll.scrollHeight
    newer.hidden = true
  }
  newer.addEventListener('click', toEnd)
  scroll.addEventListener('scroll', () => {
    if (atEnd()) newer.hidden = true
  })
  // The visible part shrinks under an open keyboard; the newest message stays above it.
  let follow = true
  scroll.addEventListener('scroll', () => {
    follow = atEnd()
  })
  new ResizeObserver(() => {
    if (follow) toEnd()
  }).observe(scroll)

  /** @param {readonly HTMLElement[]} items */
  function append(items, mine = false) {
    const stay = atEnd() || mine
    // What is still being sent stays below what arrived.
    const unsent = list.querySelector('.pending')
    for (const item of items) list.insertBefore(item, unsent)
    while (list.childElementCount > MOST_SHOWN) list.firstElementChild?.remove()
    if (stay) toEnd()
    else newer.hidden = false
  }

  return {
    /** @param {ChatMessage} message */
    add(message) {
      const items = []
      const date = new Date(message.timestamp * 1000)
      const before = previous && new Date(previous.timestamp * 1000)
      if (before?.toDateString() !== date.toDateString()) {
        items.push(renderDay(date))
        previous = undefined
      }
      items.push(renderMessage(message, previous, me))
      previous = message
      append(items, message.sender === me)
    },
    /** @param {string} text */
    note(text) {
      previous = undefined
      append([renderNote(text)])
    },
    /**
     * Shows your own message before the server confirmed it.
     * @param {import('./outbox.js').Command} command
     */
    expect(command) {
      const { id, ...data } = command
      const timestamp = Date.now() / 1000
      const item = renderMessage({ channel: '', data, sender: me, timestamp }, undefined, me)
      item.classList.add('pending')
      item.append(make('p', 'fate', 'Sending…'))
      list.append(item)
      pending.set(id, item)
      toEnd()
    },
    /**
     * The server has the message. It usually arrives as well, and `settle` follows; a private one
     * is not stored and may have arrived while this page was away.
     * @param {string} id
     */
    confirm(id) {
      const item = pending.get(id)
      item?.classList.remove('pending')
      item?.querySelector('.fate')?.remove()
    },
    /** The message with this id is here: its preview goes. @param {string} id */
    settle(id) {
      pending.get(id)?.remove()
      pending.delete(id)
    },
    /** The server refused the message with this id. @param {string} id */
    fail(id) {
      const item = pending.get(id)
      pending.delete(id)
      const fate = item?.querySelector('.fate')
      if (fate) fate.textContent = 'Not sent'
      item?.classList.replace('pending', 'failed')
    },
  }
}
