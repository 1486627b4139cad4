// What processes of a cluster tell each other about users, and how that is written. User-chosen names
// never contain control characters, so nobody but layers can publish to the channel or read it.

export const CONTROL_CHANNEL = '\u0001chan:control'

/** What every process of the cluster is to do. */
export type ControlCommand =
  | { readonly type: 'disconnect-user'; readonly userId: string }
  | { readonly type: 'revoke'; readonly channel: string; readonly userId: string }

/** Nothing for what this version does not know: a newer one may run beside it during a deploy. */
export function parseCommand(data: unknown): ControlCommand | undefined {
  const { type, channel, userId } = (data ?? {}) as Record<string, unknown>
  if (typeof userId !== 'string') return undefined
  if (type === 'disconnect-user') return { type, userId }
  if (type === 'revoke' && typeof channel === 'string') return { type, channel, userId }
  return undefined
}
