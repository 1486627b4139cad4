// Into a channel's room, as long as the caller and the deadline are patient.

import type { Hub } from '../hub/hub.js'
import type { Room } from '../hub/room.js'
import { abortable } from '../model/abortable.js'
import { withDeadline } from '../model/deadline.js'
import { ChanError } from '../model/message.js'

const DEADLINE_MS = 10_000

/**
 * The watched room, with one more user. Whoever gets it releases its watch.
 * @throws {ChanError} `unavailable`, `layer-closed`; the signal's reason
 */
export async function enter(hub: Hub, channel: string, signal?: AbortSignal): Promise<Room> {
  hub.lifecycle.assertUsable()
  const opening = hub.lifecycle.ready()
  if (opening) await opening
  signal?.throwIfAborted()
  const entering = hub.rooms.enter(channel)
  const room = await patiently(hub, channel, signal, entering).catch((error: unknown) => {
    // Given up: the room may still open, for nobody.
    entering.then(({ watch }) => watch.release()).catch(() => {})
    throw error
  })
  try {
    hub.lifecycle.assertUsable()
    signal?.throwIfAborted()
    return room
  } catch (error) {
    room.watch.release()
    throw error
  }
}

/** Waits for a part of a subscribe until the caller or the deadline gives up. */
export function patiently<T>(
  hub: Hub,
  channel: string,
  signal: AbortSignal | undefined,
  task: Promise<T>,
): Promise<T> {
  const timed = withDeadline(hub.clock, DEADLINE_MS, task, () => {
    return new ChanError(
      'unavailable',
      `Subscribing to channel '${channel}' took longer than ${DEADLINE_MS / 1000} s.`,
      'The backend is slow or out of reach; subscribe again later.',
      { details: { channel } },
    )
  })
  return abortable(signal, timed)
}
