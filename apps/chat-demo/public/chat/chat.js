// The chat page: who you are and where, then one connection that feeds the log, the member list and
// the typing line.

import { connect, showState } from '../shared/connection.js'
import { byId } from '../shared/page.js'
import { createPositions } from '../shared/position.js'
import { readDraft } from './draft.js'
import { createMembers } from './members.js'
import { createMessageLog } from './message-log.js'
import { createOutbox } from './outbox.js'
import { createTyping } from './typing.js'

const REMEMBERED = 'chan-demo-user'
/** Errors that pass: the same message may be accepted a little later. */
const PASSING = new Set(['unavailable', 'outcome-unknown', 'rate-limited', 'limit-reached'])

const address = new URLSearchParams(location.search)
const user = address.get('user')?.trim()
const room = address.get('room')?.trim()

if (user && room) enter(room, user)
else welcome()

function welcome() {
  const entrance = byId('entrance')
  entrance.hidden = false
  const form = /** @type {HTMLFormElement} */ (entrance.querySelector('form'))
  /** @param {string} name */
  const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
  field('user').value = user || localStorage.getItem(REMEMBERED) || ''
  field('room').value = room || 'general'
  field(field('user').value === '' ? 'user' : 'room').focus()
}

/**
 * @param {string} room
 * @param {string} me
 */
function enter(room, me) {
  localStorage.setItem(REMEMBERED, me)
  document.title = `#${room} · Chan demo`
  byId('room').hidden = false
  byId('room-name').textContent = `#${room}`
  byId('leave').setAttribute('href', `/chat/?${new URLSearchParams({ room })}`)

  const text = /** @type {HTMLInputElement} */ (byId('text'))
  const problem = byId('problem')
  text.placeholder = 'Message, or @name privately'
  text.focus()

  const log = createMessageLog({
    list: byId('messages'),
    scroll: byId('scroll'),
    newer: byId('newer'),
    me,
  })
  const members = createMembers({
    list: byId('members'),
    count: byId('member-count'),
    me,
    onPick: (name) => {
      text.value = `@${name} ${text.value}`
      text.focus()
    },
  })
  const typing = createTyping({
    line: byId('typing'),
    me,
    tell: () => link.send({ type: 'typing' }),
  })
  const outbox = createOutbox((command) => link.send(command))
  const positions = createPositions()
  const show = showState(byId('status'))

  const link = connect({
    path: `/ws/chat/${encodeURIComponent(room)}?${new URLSearchParams({ user: me })}`,
    onState(state, words) {
      show(state, words)
      if (state === 'open') outbox.resend()
      else members.clear()
    },
    onFrame(frame) {
      if (frame.error) refused(frame)
      else if (frame.ack) log.confirm(outbox.done(frame.ack))
      else if (frame.presence) arrived(frame.presence)
      else received(frame)
    },
  })

  /** @param {import('./members.js').PresenceEvent} event */
  function arrived(event) {
    members.apply(event)
    // The first of these follows the history, which need not be read aloud.
    byId('messages').setAttribute('aria-live', 'polite')
  }

  /** @param {import('./message-log.js').ChatMessage} message */
  function received(message) {
    const verdict = positions.accept(message)
    if (verdict === 'duplicate') return
    const { data, sender } = message
    if (data.type === 'typing') {
      typing.heard(sender)
      return
    }
    typing.done(sender)
    if (verdict === 'missed') log.note('Some messages were sent while you were away and are gone.')
    if (verdict === 'restarted') log.note('The server started anew. What is above is only here.')
    if (message.id !== undefined) log.settle(outbox.done(message.id))
    log.add(message)
  }

  /** @param {{ error: { code: string, message: string, hint?: string }, id?: string }} frame */
  function refused({ error, id }) {
    if (id !== undefined && PASSING.has(error.code)) return outbox.again(id)
    problem.textContent = error.message
    if (id !== undefined) log.fail(outbox.done(id))
  }

  byId('compose').addEventListener('submit', (event) => {
    event.preventDefault()
    const draft = readDraft(text.value, members.names())
    if (draft === null) return
    problem.textContent = draft.problem ?? ''
    if (draft.problem !== undefined) return
    const command = outbox.put(draft.command)
    log.expect(command)
    text.value = ''
    typing.stopped()
  })
  text.addEventListener('input', () => {
    problem.textContent = ''
    // A private message is nobody else's business, not even that it is being written.
    if (text.value !== '' && !text.value.startsWith('@')) typing.started()
  })
}
