// What the port is checked for, B1 to B10 and B12. B11 (a store that hangs or fails) needs faults
// that only the backend's own tests can make.

import { closing } from './closing.js'
import { ephemeral } from './ephemeral.js'
import { floor } from './floor.js'
import { groups } from './groups.js'
import { history } from './history.js'
import { historyPages } from './history-pages.js'
import { idempotency } from './idempotency.js'
import { interest } from './interest.js'
import { manyChannels } from './many-channels.js'
import { namesAndBodies } from './names-and-bodies.js'
import { order } from './order.js'
import { pages } from './pages.js'
import { presence } from './presence.js'
import { presenceRaces } from './presence-races.js'
import { reading } from './reading.js'
import { transactions } from './transactions.js'
import { watching } from './watching.js'

export const portTopics = [
  order,
  namesAndBodies,
  manyChannels,
  idempotency,
  transactions,
  reading,
  pages,
  floor,
  history,
  historyPages,
  watching,
  ephemeral,
  presence,
  presenceRaces,
  groups,
  interest,
  closing,
]
