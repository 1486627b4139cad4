// What a layer's channels and groups are made of; one of these per layer.

import type { Hub } from '../hub/hub.js'
import type { Policies } from '../model/policy.js'
import type { Presence } from '../presence/presence.js'
import type { Subscriptions } from './subscription.js'

/** @internal */
export interface LayerParts {
  readonly hub: Hub
  readonly policies: Policies
  readonly presence: Presence
  readonly subscriptions: Subscriptions
  /** Longest body of a publish, in UTF-8 bytes. */
  readonly maxMessageBytes: number
}
