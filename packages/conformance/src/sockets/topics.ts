// What an adapter is checked for: S1 to S8, S10 and S11 from outside, then the bridge through it. S9
// (options that would abort native code) is core's validation, tested there.

import { access } from './bridge/access.js'
import { catchingUp } from './bridge/catching-up.js'
import { disclosure } from './bridge/disclosure.js'
import { endings } from './bridge/endings.js'
import { fanOut } from './bridge/fan-out.js'
import { furtherChannels } from './bridge/further-channels.js'
import { hooks } from './bridge/hooks.js'
import { limits } from './bridge/limits.js'
import { messages } from './bridge/messages.js'
import { revoking } from './bridge/revoking.js'
import { seats } from './bridge/seats.js'
import { slowConsumers } from './bridge/slow-consumers.js'
import { churn } from './churn.js'
import { admission } from './wire/admission.js'
import { adopting } from './wire/adopting.js'
import { backpressure } from './wire/backpressure.js'
import { closing } from './wire/closing.js'
import { frames } from './wire/frames.js'
import { handshake } from './wire/handshake.js'
import { lingering } from './wire/lingering.js'
import { liveness } from './wire/liveness.js'
import { pings } from './wire/pings.js'

export const socketTopics = [
  admission,
  handshake,
  frames,
  closing,
  lingering,
  backpressure,
  liveness,
  pings,
  adopting,
  messages,
  hooks,
  endings,
  access,
  revoking,
  disclosure,
  limits,
  furtherChannels,
  fanOut,
  slowConsumers,
  catchingUp,
  seats,
  churn,
]
