// What a layer on top of the backend is checked for: the semantics that users see.

import { argumentsOfCalls } from './arguments.js'
import { authorization } from './authorization.js'
import { callOrder } from './call-order.js'
import { chains } from './chains.js'
import { deadlines } from './deadlines.js'
import { everything } from './everything.js'
import { failures } from './failures.js'
import { faults } from './faults.js'
import { groups } from './groups.js'
import { history } from './history.js'
import { interleavings } from './interleavings.js'
import { lifecycle } from './lifecycle.js'
import { listeners } from './listeners.js'
import { names } from './names.js'
import { options } from './options.js'
import { payloads } from './payloads.js'
import { presence } from './presence.js'
import { presenceEvents } from './presence-events.js'
import { publishing } from './publishing.js'
import { recovery } from './recovery.js'
import { revoking } from './revoking.js'
import { schemas } from './schemas.js'
import { sessions } from './sessions.js'
import { streams } from './streams.js'
import { subscribing } from './subscribing.js'
import { transactions } from './transactions.js'
import { unsubscribing } from './unsubscribing.js'
import { unsure } from './unsure.js'

export const layerTopics = [
  subscribing,
  unsubscribing,
  failures,
  listeners,
  chains,
  publishing,
  transactions,
  payloads,
  callOrder,
  names,
  history,
  recovery,
  streams,
  authorization,
  options,
  argumentsOfCalls,
  schemas,
  presence,
  presenceEvents,
  interleavings,
  groups,
  sessions,
  revoking,
  unsure,
  lifecycle,
  faults,
  deadlines,
  everything,
]
