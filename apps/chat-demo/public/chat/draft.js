// Reads what somebody typed: a message for the room, or `@name text` for one person.

/**
 * @typedef {{ type: 'message', text: string } | { type: 'direct', to: string, text: string }} Draft
 */

/**
 * Names may contain spaces, so the longest present name wins; without one the first word is the
 * name (that person may be in another room).
 * @param {string} typed
 * @param {readonly string[]} present
 * @returns {{ command: Draft, problem?: undefined } | { problem: string } | null} null: nothing typed
 */
export function readDraft(typed, present) {
  const text = typed.trim()
  if (text === '') return null
  if (!text.startsWith('@')) return { command: { type: 'message', text } }
  const rest = text.slice(1)
  const known = present
    .filter((name) => rest === name || rest.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length)[0]
  const to = known ?? /^\S*/.exec(rest)?.[0] ?? ''
  const body = rest.slice(to.length).trim()
  if (to === '' || body === '') return { problem: 'Write @name and then the private message.' }
  return { command: { type: 'direct', to, text: body } }
}
