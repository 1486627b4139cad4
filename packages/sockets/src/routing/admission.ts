// The decision about an upgrade: known path, readable path, allowed origin, `admit`, in this order.

import { type Clock, onAbort } from '@chan/core/connections'
import type { Admission, Refusal, UpgradeRequest } from '../port/port.js'
import { type Choice, readChoice } from './accept.js'
import type { PathMatch } from './paths.js'
import { isRefusal, refuse } from './refuse.js'
import { type SocketRequest, socketRequest } from './request.js'
import type { Route } from './route.js'
import type { AdmitRequest } from './socket-options.js'

/** What `open` gets back: who was admitted, where. */
export interface RouteAdmission extends Admission {
  readonly route: Route
  readonly seen: SocketRequest
}

/** What bounds the wait for `admit`. */
export interface AdmissionHost {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Aborts when the router begins to close. */
  readonly draining: AbortSignal
  failed(error: unknown, path: string): void
}

/** Of a route for which nothing is asked. */
const NOTHING: Choice = { protocol: undefined, context: undefined }

/** Never rejects. */
export async function decide(
  match: PathMatch<Route> | undefined,
  upgrade: UpgradeRequest,
  abandoned: AbortSignal,
  host: AdmissionHost,
): Promise<RouteAdmission | Refusal> {
  if (abandoned.aborted) return refuse(400, 'The peer went away')
  if (!match) return refuse(404, 'No such path')
  const { route, params } = match
  if (!params) return refuse(400, 'The path is not valid percent-encoding')
  if (!route.allowsOrigin(upgrade)) return refuse(403, 'This origin is not allowed')
  const request = socketRequest(upgrade, params)
  const { admits } = route
  const answer = admits.length > 0 ? await ask(admits, request, abandoned, host) : NOTHING
  if ('refused' in answer) return answer
  // Asked last: draining may have begun while `admit` was pending.
  if (host.draining.aborted) return goingAway()
  const { protocol, context } = answer
  const seen = { ...request, protocol, context }
  return { refused: false, request: upgrade, protocol, route, seen }
}

/** The answer, or a refusal when nobody waits for it any more. A late answer is dropped. */
function ask(
  admits: Route['admits'],
  request: AdmitRequest,
  abandoned: AbortSignal,
  { clock, timeoutMs, draining, failed }: AdmissionHost,
): Promise<Choice | Refusal> {
  return new Promise((resolve) => {
    let answered = false
    const answer = (value: Choice | Refusal) => {
      answered = true
      timer.cancel()
      stayed()
      open()
      resolve(value)
    }
    const timer = clock.after(timeoutMs, () => answer(refuse(503, 'Admission took too long')))
    const stayed = onAbort(abandoned, () => answer(refuse(400, 'The peer went away')))
    const open = onAbort(draining, () => answer(goingAway()))
    const asking = askEach(admits, request, () => answered)
    asking.then(answer, (error) => {
      failed(error, request.path)
      answer(refuse(500, 'Internal server error'))
    })
  })
}

/**
 * One after the other, for none replaces the check of another: the first refusal counts, and what
 * the last one chose. Nobody is asked once it does not matter any more.
 */
async function askEach(
  admits: Route['admits'],
  request: AdmitRequest,
  answered: () => boolean,
): Promise<Choice | Refusal> {
  let choice = NOTHING
  for (const admit of admits) {
    const given = await admit(request)
    if (given === false || given === null) return refuse(403, 'Not admitted')
    if (isRefusal(given)) return given
    choice = readChoice(given, request.protocols, choice)
    if (answered()) break
  }
  return choice
}

function goingAway(): Refusal {
  return refuse(503, 'The server is going away')
}
