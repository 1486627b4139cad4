// What a layer on top of the backend is checked for: the semantics that users see.

import { authorization } from './authorization.js'
import { chains } from './chains.js'
import { everything } from './everything.js'
import { failures } from './failures.js'
import { faults } from './faults.js'
import { groups } from './groups.js'
import { history } from './history.js'
import { lifecycle } from './lifecycle.js'
import { names } from './names.js'
import { options } from './options.js'
import { presence } from './presence.js'
import { presenceEvents } from './presence-events.js'
import { publishing } from './publishing.js'
import { recovery } from './recovery.js'
import { schemas } from './schemas.js'
import { sessions } from './sessions.js'
import { streams } from './streams.js'
import { subscribing } from './subscribing.js'

export const layerTopics = [
  subscribing,
  failures,
  chains,
  publishing,
  names,
  history,
  recovery,
  streams,
  authorization,
  options,
  schemas,
  presence,
  presenceEvents,
  groups,
  sessions,
  lifecycle,
  faults,
  everything,
]
