// What all benchmarks over sockets share.

import type { Variant } from './variants.js'

export interface SocketsContext {
  /** The real sizes, or small ones that show a change within a minute. */
  readonly full: boolean
  /** Where CPU profiles of servers go; empty for none. */
  readonly profileFolder: string
  /** Servers that do not start on this machine, and why. */
  readonly missing: ReadonlyMap<Variant, string>
  /** Sockets that one process may have open. */
  readonly mostSockets: number
  /** A PostgreSQL that somebody has, for those that need one; else they start their own. */
  readonly databaseUrl: string | undefined
  /** Progress, for people. */
  tell(text: string): void
}

/** Those of them that can run here. */
export function present({ missing }: SocketsContext, variants: readonly Variant[]): Variant[] {
  return variants.filter((variant) => !missing.has(variant))
}

/** What the reader of a report should know about what is not in it. */
export function missingNotes({ missing }: SocketsContext, variants: readonly Variant[]): string[] {
  return variants.flatMap((variant) => {
    const why = missing.get(variant)
    return why === undefined ? [] : [`${variant} was left out: ${why}`]
  })
}

/** So many sockets, or as many as the process may have. */
export function affordable({ mostSockets }: SocketsContext, wanted: number): number {
  return Math.min(wanted, mostSockets)
}
