// An upgrade: snapshot, admission, and then the handshake or the refusal.

import type { Admission, Refusal, SocketGate } from '@chan/sockets'
import type { UwsRequest, UwsResponse } from './app.js'
import { handshake } from './handshake.js'
import { respond } from './refusal-response.js'
import { upgradeRequest } from './upgrade-request.js'
import { UwsSocket } from './uws-socket.js'

/** What is known of all upgrades of an app. */
export interface UpgradeFacts {
  readonly secure: boolean
  readonly deflates: boolean
}

/** @internal */
export function upgrade(
  gate: SocketGate,
  { secure, deflates }: UpgradeFacts,
  response: UwsResponse,
  request: UwsRequest,
  context: object,
): void {
  const snapshot = upgradeRequest(response, request, secure)
  const { headers } = snapshot
  if (!isUpgrade(headers) || !gate.matches(snapshot.url)) return void request.setYield(true)
  if (headers['sec-websocket-version'] !== '13') {
    return void response.cork(() => {
      const text = 'Only version 13 of the WebSocket protocol is spoken here'
      respond(response, { status: 426, text }, { 'Sec-WebSocket-Version': '13' })
    })
  }
  const offer = {
    // uWS has seen that it has the 24 characters that it reads later.
    key: request.getHeader('sec-websocket-key'),
    extensions: headers['sec-websocket-extensions'] ?? '',
  }
  const socket = new UwsSocket(deflates)
  const complete = (answer: Admission | Refusal) => {
    // From then on every touch of the response throws.
    if (abandoned.signal.aborted) return
    if (answer.refused) return void response.cork(() => respond(response, answer))
    handshake(response, { ...offer, protocol: answer.protocol }, context, socket)
    if (socket.isOpen) socket.listen(gate.open(socket, answer))
  }
  const abandoned = new AbortController()
  response.onAborted(() => abandoned.abort())
  const isWithin = untilReturn()
  void gate.admit(snapshot, abandoned.signal).then((answer) => {
    // A promise may settle while uWS reads a request or a message of somebody else, and a socket that
    // is made amid that ends the process. So it gets a turn of its own, unless it is time still.
    if (isWithin()) complete(answer)
    else setImmediate(complete, answer)
  })
}

function isUpgrade({ upgrade, connection }: Readonly<Record<string, string>>): boolean {
  return upgrade?.toLowerCase() === 'websocket' && /\bupgrade\b/i.test(connection ?? '')
}

/** Whether Node has not returned from this call to uWS yet. */
function untilReturn(): () => boolean {
  let isWithin = true
  // Ticks come when no promise is left that could settle, and before Node returns.
  queueMicrotask(() =>
    process.nextTick(() => {
      isWithin = false
    }),
  )
  return () => isWithin
}
