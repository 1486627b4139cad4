// What uWebSockets.js does by itself, and nobody above it can change.

import type { Skips } from '@chan/conformance'

const EARLY = 'what comes before the answer to the upgrade, which RFC 6455 (4.1) forbids, is lost'
const DROPS =
  'uWS drops whoever breaks the protocol without a close frame; the server hears the code'
const MASKS = 'uWS takes every frame for masked'
const ADOPTS = 'no framework hands over sockets of uWS'

export const skips: Skips = {
  'S6 frames behind the request, and while admit is pending, arrive in order': EARLY,
  'onConnect comes after history; frames wait for it, and are handled in order': EARLY,
  'a connection that never finishes its request is closed with 408':
    'uWS closes it after about 10 s, without an answer',
  'bad UTF-8 is closed with 1007': DROPS,
  'a cut UTF-8 sequence is closed with 1007': DROPS,
  'an unknown opcode is closed with 1002': DROPS,
  'a continuation of nothing is closed with 1002': DROPS,
  'a message announced as gigantic is refused before it is sent': DROPS,
  'an unmasked frame is closed with 1002': MASKS,
  'a peer that sent an unmasked frame and keeps the connection is gone after closeTimeoutMs': MASKS,
  'an adopted socket is bridged like any other': ADOPTS,
  'an adopted socket of a foreign origin is closed with 1008': ADOPTS,
  'an adopted socket has a heartbeat and limits': ADOPTS,
}
