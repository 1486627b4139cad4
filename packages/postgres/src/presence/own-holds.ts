// What this process holds, as far as it knows: users, groups and interest. The database has the
// truth; this is what it gets back when it lost us, and what is compared with it after a reconnect.

import type { PresenceEntry } from '@chan/core/backend'
import { FIELD, RECORD } from '../packing.js'
import {
  type Answer,
  addToGroup,
  holdKey,
  type Operation,
  removeFromGroup,
  removeHold,
  restoreHold,
  setInterest,
} from './operation.js'
import type { DiscardNews, MemberNews } from './presence-doorbell.js'

interface HeldUser {
  entry: PresenceEntry
  /** The number that the entry is as of. */
  asOf: number
  /** The number that each hold is as of, by id. */
  readonly holds: Map<string, number>
}

/** What a doorbell said, and its number. */
type News = readonly [MemberNews | DiscardNews, number]

/** News that are remembered while operations are under way. */
const MAX_EARLY = 10_000

/**
 * Answers and doorbells come over two connections, in any order. Both carry numbers of one sequence,
 * drawn under the batch lock: what was rung with a number above the one that a hold is as of, came
 * after the hold was put, and nothing else may end it here.
 */
export class OwnHolds {
  readonly #users = new Map<string, Map<string, HeldUser>>()
  /** Group and channel, to the number that each hold is as of, by id. */
  readonly #groups = new Map<string, Map<string, number>>()
  readonly #interest = new Map<string, number>()
  /** What was heard while operations were under way: it may concern what their answers will add. */
  #early: News[] | undefined

  /** Holds of users and groups. */
  get size(): number {
    let size = 0
    for (const users of this.#users.values())
      for (const user of users.values()) size += user.holds.size
    for (const holds of this.#groups.values()) size += holds.size
    return size
  }

  /** Operations are sent. */
  sending(): void {
    this.#early ??= []
  }

  /**
   * Their answers were taken, or there are none. Answers whether it is all true; if not, too much
   * happened meanwhile, and only a comparison tells.
   */
  sent(): boolean {
    const early = this.#early ?? []
    this.#early = undefined
    for (const [news, number] of early) this.#hear(news, number)
    return early.length < MAX_EARLY
  }

  /** Whether the hold that the operation is about is held. */
  has({ kind, channel, subject, hold }: Operation): boolean {
    if (kind === 'hold' || kind === 'let-go') {
      return this.#groups.get(groupKey(subject, channel))?.has(hold) ?? false
    }
    return this.#users.get(channel)?.get(subject)?.holds.has(hold) ?? false
  }

  /** The database did it. */
  done(operation: Operation, { joinedAt }: Answer, asOf: number): void {
    const { kind, channel, subject, hold, number, detail } = operation
    const group = groupKey(subject, channel)
    if (kind === 'put' || kind === 'restore') {
      const entry = { userId: subject, joinedAt, metadata: detail }
      this.#put(channel, hold, entry, asOf, kind === 'put')
    } else if (kind === 'release') this.#release(channel, subject, (id) => id === hold)
    else if (kind === 'remove') this.#release(channel, subject, () => true)
    else if (kind === 'clear') this.#users.delete(channel)
    else if (kind === 'hold') {
      const holds = this.#groups.get(group) ?? new Map<string, number>()
      this.#groups.set(group, holds.set(hold, asOf))
    } else if (kind === 'let-go') this.#letGo(group, (id) => id === hold)
    else if (kind === 'discard') this.#letGo(group, () => true)
    else if (kind === 'interest') {
      if (number === 0) this.#interest.delete(channel)
      else this.#interest.set(channel, number)
    }
  }

  /** A doorbell of this number said it. */
  hear(news: MemberNews | DiscardNews, number: number): void {
    if (this.#early && this.#early.length < MAX_EARLY) this.#early.push([news, number])
    this.#hear(news, number)
  }

  /**
   * Compares with what the database has (`presence_held`), as of a number, and answers what is to be
   * done about the difference. What the database holds and this process does not is released. What
   * it does not hold was ended by others if it kept us, and then it is right; else it is put again.
   */
  compare(held: string | null, asOf: number, kept: boolean): Operation[] {
    const theirs = new Map((held === null ? [] : held.split(RECORD)).map(readHeld))
    const repairs: Operation[] = []
    for (const [operation, forget] of this.#all(asOf)) {
      const key = keyOf(operation)
      const there = theirs.get(key)
      theirs.delete(key)
      if (operation.kind === 'interest') {
        if (there?.number !== operation.number) repairs.push(operation)
      } else if (there) continue
      else if (kept) forget()
      else repairs.push(operation)
    }
    for (const operation of theirs.values()) repairs.push(ending(operation))
    return repairs
  }

  #hear(news: MemberNews | DiscardNews, number: number): void {
    if (news.type === 'discarded') {
      return this.#letGo(groupKey(news.group, news.channel), (_, asOf) => asOf < number)
    }
    const { channel, change, reaped } = news
    const users = this.#users.get(channel)
    if (!users) return
    for (const entry of change.entries) {
      const user = users.get(entry.userId)
      if (!user) continue
      if (change.type === 'leave') {
        // Nobody else's end makes a user leave that is held here: this process was taken out, and
        // will put its holds again.
        if (!reaped) this.#release(channel, entry.userId, (_, asOf) => asOf < number)
      } else if (user.asOf < number) Object.assign(user, { entry, asOf: number })
    }
  }

  #put(channel: string, hold: string, entry: PresenceEntry, asOf: number, news: boolean): void {
    const users = this.#users.get(channel) ?? new Map<string, HeldUser>()
    this.#users.set(channel, users)
    const user = users.get(entry.userId) ?? { entry, asOf, holds: new Map<string, number>() }
    users.set(entry.userId, user)
    user.holds.set(hold, asOf)
    if (news && asOf >= user.asOf) Object.assign(user, { entry, asOf })
  }

  #release(channel: string, userId: string, ends: (id: string, asOf: number) => boolean): void {
    const users = this.#users.get(channel)
    const user = users?.get(userId)
    if (!users || !user) return
    for (const [id, asOf] of user.holds) if (ends(id, asOf)) user.holds.delete(id)
    if (user.holds.size === 0) users.delete(userId)
    if (users.size === 0) this.#users.delete(channel)
  }

  #letGo(group: string, ends: (id: string, asOf: number) => boolean): void {
    const holds = this.#groups.get(group)
    if (!holds) return
    for (const [id, asOf] of holds) if (ends(id, asOf)) holds.delete(id)
    if (holds.size === 0) this.#groups.delete(group)
  }

  /** Everything held, as the operation that puts it again, with how to forget it; now as of a number. */
  *#all(asOf: number): Generator<readonly [Operation, () => void]> {
    for (const [channel, users] of [...this.#users]) {
      for (const [userId, user] of [...users]) {
        user.asOf = asOf
        for (const id of [...user.holds.keys()]) {
          user.holds.set(id, asOf)
          const forget = () => this.#release(channel, userId, (other) => other === id)
          yield [restoreHold(channel, id, user.entry), forget]
        }
      }
    }
    for (const [key, holds] of [...this.#groups]) {
      const [group = '', channel = ''] = key.split(FIELD)
      for (const id of [...holds.keys()]) {
        holds.set(id, asOf)
        yield [addToGroup(group, channel, id), () => this.#letGo(key, (other) => other === id)]
      }
    }
    for (const [channel, count] of [...this.#interest]) {
      yield [setInterest(channel, count), () => this.#interest.delete(channel)]
    }
  }
}

function groupKey(group: string, channel: string): string {
  return `${group}${FIELD}${channel}`
}

function keyOf(operation: Operation): string {
  if (operation.kind === 'interest') return `interest${FIELD}${operation.channel}`
  return holdKey(operation)
}

/** One record of `presence_held`, as the operation that would put it. */
function readHeld(record: string): [string, Operation] {
  const [kind, channel = '', third = '', hold = ''] = record.split(FIELD)
  const operation =
    kind === 'user'
      ? restoreHold(channel, hold, { userId: third, joinedAt: 0, metadata: '' })
      : kind === 'group'
        ? addToGroup(third, channel, hold)
        : setInterest(channel, Number(third))
  return [keyOf(operation), operation]
}

function ending({ kind, channel, subject, hold }: Operation): Operation {
  if (kind === 'interest') return setInterest(channel, 0)
  if (kind === 'hold') return removeFromGroup(subject, channel, hold)
  return removeHold(channel, subject, hold, 'disconnected')
}
