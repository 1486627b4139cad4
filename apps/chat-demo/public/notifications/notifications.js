// The notifications page: your inbox, live, and the form that notifies somebody or everybody.

import { connect, showState } from '../shared/connection.js'
import { byId, make, makeTime } from '../shared/page.js'
import { createPositions } from '../shared/position.js'
import { prepareForm } from './send-form.js'

/**
 * @typedef {{ kind: 'personal' | 'announcement', title: string, text: string }} Notice
 * @typedef {{ channel: string, data: Notice, timestamp: number, offset?: number, epoch?: string }}
 *   NoticeMessage
 */

const REMEMBERED = 'chan-demo-user'
const MOST_SHOWN = 200
const user = new URLSearchParams(location.search).get('user_id')?.trim()

if (user) openInbox(user)
else welcome()

function welcome() {
  const entrance = byId('entrance')
  entrance.hidden = false
  const input = /** @type {HTMLInputElement} */ (entrance.querySelector('input'))
  input.value = localStorage.getItem(REMEMBERED) ?? ''
  input.focus()
}

/** @param {string} me */
function openInbox(me) {
  localStorage.setItem(REMEMBERED, me)
  document.title = `${me} · Notifications · Chan demo`
  byId('desk').hidden = false
  byId('inbox-title').textContent = `${me}’s inbox`
  prepareForm(/** @type {HTMLFormElement} */ (byId('send')), byId('result'), me)

  const positions = createPositions()
  const inbox = byId('inbox')
  connect({
    path: `/ws/notifications?${new URLSearchParams({ user_id: me })}`,
    onState: showState(byId('status')),
    onFrame(/** @type {NoticeMessage} */ message) {
      if (!('data' in message) || positions.accept(message) === 'duplicate') return
      byId('empty').hidden = true
      inbox.prepend(renderNotice(message))
      if (inbox.childElementCount > MOST_SHOWN) inbox.lastElementChild?.remove()
    },
  })
}

/** @param {NoticeMessage} message */
function renderNotice({ data, timestamp }) {
  const toAll = data.kind === 'announcement'
  const item = make('li', toAll ? 'notice everybody' : 'notice')
  item.append(make('p', 'title', data.title))
  if (data.text !== '') item.append(make('p', 'text', data.text))
  item.append(
    make('p', 'kind', toAll ? 'Announcement to everybody' : 'For you'),
    makeTime(new Date(timestamp * 1000)),
  )
  return item
}
