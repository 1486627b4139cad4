// The typing line: tells the room, at most every two seconds, that you are writing, and shows who
// else is. Nobody says "stopped": a name goes with its message or after four seconds of silence.

const TELL_EVERY_MS = 2_000
const FORGET_AFTER_MS = 4_000

/**
 * @param {object} options
 * @param {HTMLElement} options.line
 * @param {string} options.me
 * @param {() => void} options.tell
 */
export function createTyping({ line, me, tell }) {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  const writing = new Map()
  let toldAt = Number.NEGATIVE_INFINITY

  function show() {
    const names = [...writing.keys()]
    if (names.length === 0) line.textContent = ''
    else if (names.length === 1) line.textContent = `${names[0]} is typing…`
    else if (names.length === 2) line.textContent = `${names[0]} and ${names[1]} are typing…`
    else line.textContent = 'Several people are typing…'
  }

  /** @param {string | null} name */
  function done(name) {
    if (name === null || !writing.has(name)) return
    clearTimeout(writing.get(name))
    writing.delete(name)
    show()
  }

  return {
    done,
    /** @param {string | null} name */
    heard(name) {
      if (name === null || name === me) return
      clearTimeout(writing.get(name))
      writing.set(
        name,
        setTimeout(() => done(name), FORGET_AFTER_MS),
      )
      show()
    },
    started() {
      const now = performance.now()
      if (now - toldAt < TELL_EVERY_MS) return
      toldAt = now
      tell()
    },
    /** The message was sent: the next letter is news again. */
    stopped() {
      toldAt = Number.NEGATIVE_INFINITY
    },
  }
}
