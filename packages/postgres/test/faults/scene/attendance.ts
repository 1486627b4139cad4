// What members were told about presence, held against what there was to tell.
import { isDeepStrictEqual } from 'node:util'
import { type Worker, waitFor } from '@chan/testkit'
import type { Notice } from './crowd.js'
import { PATIENCE_MS } from './form.js'

/** `count` names that begin with this. */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

export function noticesOf(member: Worker): Promise<Notice[]> {
  return member.call<Notice[]>('notices')
}

/** Waits until this member was told so many times of users who joined or left. */
export async function waitForChanges(
  member: Worker,
  type: 'join' | 'leave',
  count: number,
): Promise<readonly Notice[]> {
  return waitFor(
    async () => {
      const told = (await noticesOf(member)).filter((notice) => notice.type === type)
      return told.length >= count && told
    },
    { deadlineMs: PATIENCE_MS, intervalMs: 50, label: `${count} times ${type}` },
  )
}

/**
 * Everything that should not have been told, in words: who flickered, and lists without somebody.
 * @param always who was there all the time, in each channel
 */
export function flickers(notices: readonly Notice[], always: readonly string[]): string[] {
  const constant = new Set(always)
  return notices.flatMap(({ channel, type, userIds, reason }) => {
    if (type === 'sync') {
      const missing = always.filter((userId) => !userIds.includes(userId))
      return missing.length === 0 ? [] : [`${channel}: a list without ${missing}`]
    }
    const [userId = ''] = userIds
    return constant.has(userId) ? [`${channel}: ${type} ${userId} ${reason ?? ''}`] : []
  })
}

/** How often each user was told to have joined or left, by channel: `channel userId` → times. */
export function countChanges(
  notices: readonly Notice[],
  type: 'join' | 'leave',
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const notice of notices) {
    if (notice.type !== type) continue
    const key = `${notice.channel} ${notice.userIds[0]}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** Every member gets a user of its own in each room, and observes all of them. → the users. */
export async function moveIn(
  { members }: { readonly members: readonly Worker[] },
  rooms: readonly string[],
): Promise<readonly string[]> {
  const users = names('resident ', members.length)
  await Promise.all(members.map((member, index) => member.call('join', rooms, [users[index]])))
  await Promise.all(members.map((member) => member.call('observe', rooms)))
  return users
}

/** Who is present by what was told, and in words what cannot be: a user who joins twice. */
export function replay(notices: readonly Notice[]): {
  readonly present: readonly string[]
  readonly complaints: readonly string[]
} {
  let present = new Set<string>()
  const complaints: string[] = []
  for (const { type, userIds } of notices) {
    const [userId = ''] = userIds
    if (type === 'sync') present = new Set(userIds)
    else if (type === 'leave') {
      if (!present.delete(userId)) complaints.push(`${userId} left without being present`)
    } else {
      if (present.has(userId) === (type === 'join')) complaints.push(`${userId}: a wrong ${type}`)
      present.add(userId)
    }
  }
  return { present: [...present].sort(), complaints }
}

/** Waits until a member was told of exactly these users. */
export async function waitForPresent(member: Worker, expected: readonly string[]): Promise<void> {
  await waitFor(async () => isDeepStrictEqual(replay(await noticesOf(member)).present, expected), {
    deadlineMs: PATIENCE_MS,
    intervalMs: 50,
    label: `${expected.length} users to be told of`,
  })
}
