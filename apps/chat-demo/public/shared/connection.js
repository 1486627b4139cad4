// A WebSocket that comes back by itself: full jitter from the first retry on, the pause doubling up
// to ten seconds. It stops where the server says that trying again is useless (1008).

import { socketAddress } from './socket-address.js'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000
const HANDSHAKE_MS = 10_000
// A connection that lasted this long counts as good; the next pause starts short again.
const GOOD_AFTER_MS = 5_000
const POLICY_VIOLATION = 1008

/** @typedef {'connecting' | 'open' | 'waiting' | 'refused'} State */

/**
 * @param {object} options
 * @param {string} options.path path and query of the socket
 * @param {(frame: any) => void} options.onFrame each text frame, parsed as JSON
 * @param {(state: State, text: string) => void} options.onState the state and a sentence for people
 */
export function connect({ path, onFrame, onState }) {
  /** @type {WebSocket | undefined} */
  let socket
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry
  let failures = 0
  let everOpen = false

  async function open() {
    clearTimeout(retry)
    retry = undefined
    onState('connecting', everOpen ? 'Reconnecting…' : 'Connecting…')
    // Each time: a server that was started anew may have its sockets elsewhere.
    const address = await socketAddress(path).catch(() => null)
    if (address === null) return wait()
    const attempt = new WebSocket(address)
    socket = attempt
    // Without it a dead network keeps the attempt open for minutes.
    const handshake = setTimeout(() => attempt.close(), HANDSHAKE_MS)
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let good

    attempt.onopen = () => {
      clearTimeout(handshake)
      everOpen = true
      good = setTimeout(() => {
        failures = 0
      }, GOOD_AFTER_MS)
      onState('open', 'Connected')
    }
    attempt.onmessage = (event) => onFrame(JSON.parse(event.data))
    attempt.onclose = (event) => {
      clearTimeout(handshake)
      clearTimeout(good)
      if (event.code === POLICY_VIOLATION) {
        onState('refused', event.reason || 'The server refused this connection.')
        return
      }
      wait()
    }
  }

  function wait() {
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
    failures += 1
    retry = setTimeout(open, Math.random() * ceiling)
    onState('waiting', everOpen ? 'Connection lost. Reconnecting…' : 'No answer. Trying again…')
  }

  /** The network is back, or somebody looks at the page again: no need to wait. */
  function hurry() {
    if (retry !== undefined && document.visibilityState === 'visible') void open()
  }
  addEventListener('online', hurry)
  document.addEventListener('visibilitychange', hurry)
  void open()

  return {
    /**
     * Sends a value as JSON.
     * @param {unknown} value
     * @returns {boolean} false when there is no connection right now
     */
    send(value) {
      if (socket?.readyState !== WebSocket.OPEN) return false
      socket.send(JSON.stringify(value))
      return true
    },
  }
}

/**
 * Shows the state in an element of class `status`.
 * @param {HTMLElement} element
 * @returns {(state: State, text: string) => void}
 */
export function showState(element) {
  return (state, text) => {
    element.dataset.state = state
    element.textContent = text
  }
}
