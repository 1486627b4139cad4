// How one line of the log looks: a message, a private message, a system line, a new day.

import { make, makeTime } from '../shared/page.js'

/** @typedef {import('./message-log.js').ChatMessage} ChatMessage */

const SAME_BREATH_S = 300
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' })

/**
 * @param {ChatMessage} message
 * @param {ChatMessage | undefined} previous what stands above; a series of one person is drawn closer
 * @param {string} me
 * @returns {HTMLElement}
 */
export function renderMessage(message, previous, me) {
  const { data, sender } = message
  if (data.type === 'system') return renderNote(`${data.user} ${data.event}`, message)
  if (data.type === 'typing') throw new Error('typing is not a line of the log')
  const name = sender ?? 'somebody'
  const item = make('li', 'message')
  item.classList.toggle('mine', sender === me)
  item.classList.toggle('private', data.type === 'direct')
  item.classList.toggle('series', continues(message, previous))
  item.style.setProperty('--hue', String(hueOf(name)))

  const avatar = make('span', 'avatar', initialOf(name))
  avatar.setAttribute('aria-hidden', 'true')
  const meta = make('p', 'meta')
  meta.append(make('b', 'name', name))
  if (data.type === 'direct') {
    meta.append(make('span', 'tag', sender === me ? `private to ${data.to}` : 'private'))
  }
  meta.append(makeTime(new Date(message.timestamp * 1000)))
  const bubble = make('div', 'bubble')
  bubble.append(meta, make('p', 'text', data.text))
  item.append(avatar, bubble)
  return item
}

/**
 * A line in the middle: somebody came or went, or the page has something to say.
 * @param {string} text
 * @param {ChatMessage} [message]
 */
export function renderNote(text, message) {
  const item = make('li', message ? 'note system' : 'note')
  item.append(make('span', '', text))
  if (message) item.append(' ', makeTime(new Date(message.timestamp * 1000)))
  return item
}

/** @param {Date} date */
export function renderDay(date) {
  return make('li', 'note day', day.format(date))
}

/**
 * @param {ChatMessage} message
 * @param {ChatMessage | undefined} previous
 */
function continues(message, previous) {
  return (
    previous !== undefined &&
    message.data.type === 'message' &&
    previous.data.type === 'message' &&
    previous.sender === message.sender &&
    message.timestamp - previous.timestamp < SAME_BREATH_S
  )
}

/** @param {string} name */
function initialOf(name) {
  return (Array.from(name)[0] ?? '?').toUpperCase()
}

/** The same name has the same colour everywhere. @param {string} name */
function hueOf(name) {
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600
  return Math.round(hash / 10)
}
