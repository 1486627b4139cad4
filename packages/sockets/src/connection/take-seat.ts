// How a seat is taken and left by those on a connection who want a channel's messages.

import type { Beginning, Channel, ServedChannel } from '@chan/core/connections'
import { ChanError } from '@chan/protocol'
import type { Connection } from './connection.js'
import { Seat, type SeatUse } from './seat.js'

/**
 * Has the channel's messages sent to the connection. Where another use has it sent already, that goes
 * on, and `beginning` says nothing any more. Who was given up on the way is let go of at the end.
 * @throws {ChanError} `limit-reached` above `maxChannels`; `unavailable`, `layer-closed`
 */
export async function takeSeat(
  connection: Connection,
  channel: ServedChannel<Channel>,
  use: SeatUse,
  beginning: Beginning,
): Promise<Seat> {
  const { outbox } = connection
  let count = 0
  for (let seat = outbox.seats; seat; seat = seat.next) {
    count++
    if (seat.source !== channel || !(seat instanceof Seat)) continue
    seat.join(use)
    return begun(connection, seat, use, seat.began)
  }
  const { maxChannels } = connection.limits
  if (count >= maxChannels) throw tooManyChannels(maxChannels)
  const seat = new Seat(connection, channel)
  seat.join(use)
  outbox.add(seat)
  return begun(connection, seat, use, seat.begin(beginning))
}

/** The use wants nothing any more; with the last one the seat ends. Idempotent, never rejects. */
export async function leaveSeat(connection: Connection, seat: Seat, use: SeatUse): Promise<void> {
  if (!seat.leave(use)) return
  connection.outbox.remove(seat)
  await seat.attachment.end()
}

/** Whoever waited for a beginning that fails leaves: with the last of them the seat is gone. */
async function begun(
  connection: Connection,
  seat: Seat,
  use: SeatUse,
  beginning: Promise<void> | undefined,
): Promise<Seat> {
  try {
    await beginning
    return seat
  } catch (error) {
    await leaveSeat(connection, seat, use)
    throw error
  }
}

function tooManyChannels(limit: number): ChanError {
  return new ChanError(
    'limit-reached',
    `This socket receives ${limit} channels already.`,
    "Unsubscribe forwards that are no longer needed, or raise 'maxChannels'.",
    { details: { limit } },
  )
}
