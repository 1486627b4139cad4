// Messages on their way. Each carries an id until it comes back from the server, so after a lost
// connection, or while the server cannot store it, it is simply sent again: the server publishes an
// id only once.

const AGAIN_AFTER_MS = 2_000

/** @typedef {import('./draft.js').Draft & { id: string }} Command */

/** @param {(command: Command) => boolean} send answers false when there is no connection */
export function createOutbox(send) {
  /** @type {Map<string, Command>} */
  const waiting = new Map()

  return {
    /**
     * @param {import('./draft.js').Draft} draft
     * @returns {Command}
     */
    put(draft) {
      const command = { ...draft, id: newId() }
      waiting.set(command.id, command)
      send(command)
      return command
    },
    /** The server could not take it for now. @param {string} id */
    again(id) {
      setTimeout(() => {
        const command = waiting.get(id)
        if (command !== undefined) send(command)
      }, AGAIN_AFTER_MS)
    },
    resend() {
      for (const command of waiting.values()) send(command)
    },
    /**
     * The server answered. Its ids start with the sender's name, the page's do not.
     * @param {string} id
     * @returns {string} the page's own id
     */
    done(id) {
      const own = id.slice(id.lastIndexOf('/') + 1)
      waiting.delete(own)
      return own
    },
  }
}

/** `crypto.randomUUID` is missing on plain http pages of other hosts than localhost. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
