// A subscribe of the server's own, for whom permission is asked first; in the name of a user, who may
// lose it on the way, or later.

import type { Hub } from '../hub/hub.js'
import { abortable } from '../model/abortable.js'
import type { Policy } from '../model/policy.js'
import { authorize } from './authorize.js'
import { Grant } from './grant.js'
import type { LayerParts } from './parts.js'
import { checkSubscribe, copySubscribe, type Subscribing, subscribeUnasked } from './subscribe.js'
import type { Subscription } from './subscription.js'

/** What is asked for. */
export type Asked = Pick<Subscribing, 'callback' | 'options' | 'pace' | 'ended'>

/**
 * @internal
 * @throws {PermissionError}
 * @throws {ChanError} `invalid-option`, `unavailable`, `layer-closed`
 */
export async function subscribe(
  parts: LayerParts,
  channel: string,
  rules: () => Policy,
  given: Asked,
): Promise<Subscription> {
  const { hub } = parts
  const options = copySubscribe(given.options)
  const asked = { ...given, options }
  const { userId = null, signal } = options
  hub.lifecycle.assertUsable()
  checkSubscribe(asked.callback, options)
  signal?.throwIfAborted()
  if (userId !== null) return subscribeAs(userId, parts, channel, rules, asked)
  await authorized(hub, channel, rules(), null, signal)
  return subscribeUnasked(parts, { ...asked, channel, policy: rules() })
}

async function subscribeAs(
  userId: string,
  parts: LayerParts,
  channel: string,
  rules: () => Policy,
  asked: Asked,
): Promise<Subscription> {
  const { hub } = parts
  const { signal } = asked.options
  const grant = new Grant(hub, { channel, userId, signal, authFn: () => rules().authFn })
  try {
    // Before asking for permission: a yes that was asked for before a `revoke` does not count.
    if (rules().authFn) await grant.heard()
    await authorized(hub, channel, rules(), userId, grant.signal)
    return await subscribeUnasked(parts, { ...asked, channel, policy: rules(), grant })
  } catch (error) {
    grant.end()
    throw error
  }
}

async function authorized(
  hub: Hub,
  channel: string,
  { authFn }: Policy,
  userId: string | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!authFn) return
  await abortable(signal, hub.waits.track(authorize(hub, channel, authFn, userId)))
}
