// Which route has a path. Segments are literal or `:name`; a literal beats a name.

import { ChanError } from '@chan/protocol'

/** What a path matched. */
export interface PathMatch<R> {
  readonly route: R
  /** Decoded values of the `:name` segments; `null` if one is not valid percent-encoding. */
  readonly params: Readonly<Record<string, string>> | null
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>
  named?: Node<R>
  leaf?: { readonly route: R; readonly names: readonly string[] }
}

/** The routes of a router, as a tree of segments. */
export class PathTable<R> {
  readonly #root: Node<R> = { literals: new Map() }

  /** @throws {ChanError} `invalid-option` for a malformed path or a shape that is taken */
  add(path: string, route: R): void {
    const names: string[] = []
    let node = this.#root
    for (const segment of patternSegments(path)) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1))
        node.named ??= { literals: new Map() }
        node = node.named
      } else {
        const next = node.literals.get(segment) ?? { literals: new Map() }
        node.literals.set(segment, next)
        node = next
      }
    }
    if (node.leaf) throw invalid(path, 'a route of the same shape exists')
    if (new Set(names).size < names.length) throw invalid(path, 'two parameters have one name')
    node.leaf = { route, names }
  }

  /** Finds the route of a request target (path and query, still encoded). */
  match(url: string): PathMatch<R> | undefined {
    if (!url.startsWith('/')) return undefined
    const query = url.indexOf('?')
    const raw = (query < 0 ? url.slice(1) : url.slice(1, query)).split('/')
    const segments = raw.map(decode)
    const values: (string | null)[] = []
    const leaf = find(this.#root, segments, 0, values)
    if (!leaf) return undefined
    // Without a prototype, so that `:__proto__` is a name like any other.
    const params: Record<string, string> = Object.create(null)
    for (const [i, name] of leaf.names.entries()) {
      const value = values[i]
      if (typeof value !== 'string') return { route: leaf.route, params: null }
      params[name] = value
    }
    return { route: leaf.route, params }
  }
}

/** Depth first, literal before name: `/a/:x/c` is found for `/a/b/c` although `/a/b/d` exists. */
function find<R>(
  node: Node<R>,
  segments: readonly (string | null)[],
  at: number,
  values: (string | null)[],
): Node<R>['leaf'] {
  if (at === segments.length) return node.leaf
  const segment = segments[at] ?? null
  const literal = segment === null ? undefined : node.literals.get(segment)
  const leaf = literal && find(literal, segments, at + 1, values)
  if (leaf || !node.named || segment === '') return leaf
  values.push(segment)
  const named = find(node.named, segments, at + 1, values)
  if (!named) values.pop()
  return named
}

function patternSegments(path: string): readonly string[] {
  if (!path.startsWith('/')) throw invalid(path, "it does not start with '/'")
  const segments = path.slice(1).split('/')
  for (const segment of segments) {
    if (segment === '' && path !== '/') throw invalid(path, 'a segment is empty')
    if (/[*?#]/.test(segment)) throw invalid(path, "wildcards, '?' and '#' have no meaning in it")
    if (segment.startsWith(':') && !/^:\w+$/.test(segment)) {
      throw invalid(path, 'a parameter name must consist of letters, digits and _')
    }
  }
  return segments
}

/** `null` where the percent-encoding is broken. */
function decode(segment: string): string | null {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

function invalid(path: string, why: string): ChanError {
  return new ChanError(
    'invalid-option',
    `Route path '${path}' cannot be used: ${why}.`,
    "Write literal segments and ':name' parameters, decoded, for example '/ws/chat/:room'.",
  )
}
