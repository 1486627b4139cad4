// Time for the rotation as a test wants it: the slots grow old at once.
import type { Scene } from './scene.js'

/** What `rotate` did, with everything in the log older than it likes. */
export async function rotateOld({ query, one }: Scene): Promise<string> {
  await query(`update chan.meta set slot_since = slot_since - interval '1 hour'`)
  await query(`update chan.log_slot set left_at = left_at - interval '1 hour',
    try_at = try_at - interval '1 hour'`)
  return (await one<{ done: string }>('select chan.rotate(60000, 268435456) as done')).done
}

/** Rotates until there is nothing left to do. Answers every step. */
export async function rotateAll(db: Scene): Promise<string[]> {
  const steps: string[] = []
  for (let done = await rotateOld(db); done !== 'nothing'; done = await rotateOld(db)) {
    steps.push(done)
    if (steps.length > 500) throw new Error(`it never ends: ${steps.slice(-10)}`)
  }
  return steps
}
