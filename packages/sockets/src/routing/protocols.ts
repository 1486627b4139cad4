// The subprotocols that a peer offers (RFC 6455, section 4): tokens separated by commas.

/** A token between optional spaces, as HTTP has both. */
const ELEMENT = /^[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*$/

const NONE: readonly string[] = Object.freeze([])

/**
 * In the peer's order, each once; empty elements count for nothing. A header that cannot be read
 * offers none: never throws.
 */
export function parseProtocols(header: string | undefined): readonly string[] {
  if (header === undefined) return NONE
  const protocols = new Set<string>()
  for (const element of header.split(',')) {
    const token = ELEMENT.exec(element)?.[1]
    if (token !== undefined) protocols.add(token)
    else if (/[^ \t]/.test(element)) return NONE
  }
  return [...protocols]
}

/** Whether a name can be offered and answered at all. */
export function isToken(name: unknown): name is string {
  return typeof name === 'string' && ELEMENT.exec(name)?.[1] === name
}
