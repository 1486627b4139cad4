// The list of people in the room, fed by presence events.

import { make } from '../shared/page.js'

/**
 * @typedef {{ userId: string }} Member
 * @typedef {{ type: 'sync', members: readonly Member[] }
 *   | { type: 'join' | 'update' | 'leave', member: Member }} PresenceEvent
 */

/**
 * @param {object} options
 * @param {HTMLElement} options.list
 * @param {HTMLElement} options.count
 * @param {string} options.me
 * @param {(name: string) => void} options.onPick somebody was clicked, for a private message
 */
export function createMembers({ list, count, me, onPick }) {
  /** @type {Map<string, HTMLElement>} */
  const items = new Map()

  /** @param {string} name */
  function add(name) {
    if (items.has(name)) return
    const item = make('li', '')
    if (name === me) {
      item.append(make('span', 'member', name), make('span', 'you', ' you'))
    } else {
      const button = make('button', 'member', name)
      button.type = 'button'
      button.title = `Write to ${name} privately`
      button.addEventListener('click', () => onPick(name))
      item.append(button)
    }
    items.set(name, item)
    list.append(item)
  }

  /** @param {string} name */
  function remove(name) {
    items.get(name)?.remove()
    items.delete(name)
  }

  function clear() {
    for (const name of [...items.keys()]) remove(name)
    count.textContent = '0'
  }

  return {
    clear,
    names: () => [...items.keys()],
    /** @param {PresenceEvent} event */
    apply(event) {
      if (event.type === 'sync') {
        clear()
        for (const { userId } of event.members) add(userId)
      } else if (event.type === 'leave') remove(event.member.userId)
      else add(event.member.userId)
      count.textContent = String(items.size)
    },
  }
}
