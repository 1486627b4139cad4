// Who is told what of what comes over the control channel.

import { beforeEach, expect, test } from 'vitest'
import type { ControlParts } from '../src/hub/control-line.js'
import { Sessions } from '../src/hub/sessions.js'
import type { SubscriberKind } from '../src/hub/subscriber.js'
import { Message, type StoredMessage } from '../src/model/message.js'
import type { ResetEvent } from '../src/model/reset-event.js'
import { ManualClock } from '../src/testing/index.js'

/** Stands in for the control channel: one room, which may be out of reach. */
class FakeChannel {
  readonly closing = new AbortController()
  readonly sent: unknown[] = []
  failure: Error | undefined
  users = 0
  #deliver: (message: Message) => void = () => {}
  #reset: (event: ResetEvent) => void = () => {}

  parts(clock: ManualClock): ControlParts {
    const room = {
      attach: (kind: SubscriberKind, { self }: { self: object }) => {
        this.#deliver = (message) => kind.callback.call(self, message)
        this.#reset = (event) => kind.onReset?.call(self, event)
      },
      detach: () => {
        this.#deliver = () => {}
      },
      watch: { release: () => this.users-- },
    }
    const enter = async () => {
      if (this.failure) throw this.failure
      this.users++
      return room
    }
    const publish = async (_channel: string, _limits: unknown, entry: StoredMessage) => {
      const message = made(entry.body, entry.sender)
      this.sent.push(message.data)
      this.#deliver(message)
    }
    const lifecycle = { ready: () => undefined, closing: this.closing.signal }
    return { clock, lifecycle, rooms: { enter }, publisher: { publish } } as unknown as ControlParts
  }

  /** Something that another process said. */
  say(command: unknown): void {
    this.#deliver(made(JSON.stringify(command), 'another'))
  }

  lose(missed: number | null): void {
    this.#reset({ position: { epoch: 'e', offset: 9 }, missed })
  }
}

const made = (body: string, sender: string | null) =>
  new Message({ channel: 'control', data: JSON.parse(body), sender })

let clock: ManualClock
let channel: FakeChannel
let reported: string[]
let sessions: Sessions

beforeEach(() => {
  clock = new ManualClock()
  channel = new FakeChannel()
  reported = []
  sessions = new Sessions(channel.parts(clock), (_, { operation }) => reported.push(operation))
})

/** A client's session, or what the server itself subscribed to. */
function session(userId: string, kind: 'client' | 'own' = 'client') {
  const log: string[] = []
  const session = {
    endSession(why: string) {
      log.push(why)
      if (kind === 'client') sessions.remove(userId, session)
    },
    revoke: (name: string) => void log.push(`revoke ${name}`),
  }
  const heard = kind === 'client' ? undefined : sessions.addOwn(userId, session)
  if (kind === 'client') sessions.add(userId, session)
  heard?.catch(() => {})
  const end = () => sessions[kind === 'client' ? 'remove' : 'removeOwn'](userId, session)
  return { log, heard, end }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('a command reaches those it is about; the server’s own only what is about channels', async () => {
  const [alice, own, bob] = [session('alice'), session('alice', 'own'), session('bob')]
  await sessions.ready()
  channel.say({ type: 'revoke', channel: 'chat', userId: 'alice' })
  expect([alice.log, own.log, bob.log]).toEqual([['revoke chat'], ['revoke chat'], []])
  channel.say({ type: 'disconnect-user', userId: 'alice' })
  expect([alice.log, own.log, bob.log]).toEqual([
    ['revoke chat', 'disconnected'],
    ['revoke chat'],
    [],
  ])
  expect(sessions.size).toBe(1)
})

test('a command given here is obeyed at once, and not again when it comes back', async () => {
  const own = session('alice', 'own')
  await own.heard
  const command = { type: 'revoke', channel: 'chat', userId: 'alice' } as const
  const ordered = sessions.order(command)
  expect(own.log).toEqual(['revoke chat'])
  await ordered
  expect(channel.sent).toEqual([command])
  expect(own.log).toEqual(['revoke chat'])
})

test.each([
  [{ type: 'promote', userId: 'alice' }],
  [{ type: 'revoke', userId: 'alice' }],
  [{ disconnectUser: 'alice' }],
  ['alice'],
  [null],
])('what is not understood leaves a process unsure: %j', async (command) => {
  const all = [session('alice'), session('bob', 'own')]
  await sessions.ready()
  channel.say(command)
  expect(all.map(({ log }) => log)).toEqual([[], []])
  clock.advance(10_000)
  expect(all.map(({ log }) => log)).toEqual([['unsure'], ['unsure']])
})

test('unsure, those who are there end over 10 s; who comes later stays', async () => {
  const all = Array.from({ length: 500 }, (_, at) => session(`user-${at}`))
  await sessions.ready()
  channel.lose(1)
  const later = session('later')
  all[499]?.end()
  for (const portion of [5, 10]) {
    clock.advance(100)
    expect(all.filter(({ log }) => log.length > 0)).toHaveLength(portion)
  }
  clock.advance(9_800)
  expect(all.filter(({ log }) => log[0] === 'unsure')).toHaveLength(499)
  expect(later.log).toEqual([])
  expect(sessions.size).toBe(1)
})

test('a loss by which nothing was missed ends nobody; one that nobody can count does', async () => {
  const { log } = session('alice')
  await sessions.ready()
  channel.lose(0)
  clock.advance(10_000)
  expect(log).toEqual([])
  channel.lose(null)
  clock.advance(10_000)
  expect(log).toEqual(['unsure'])
})

test('closing ends all client sessions at once, also those that are waiting for their end', async () => {
  const all = Array.from({ length: 10 }, (_, at) => session(`user-${at}`))
  const own = session('alice', 'own')
  await sessions.ready()
  channel.lose(null)
  clock.advance(100)
  sessions.endAll()
  await sessions.empty()
  expect(all.map(({ log }) => log)).toEqual([['unsure'], ...Array(9).fill(['closing'])])
  clock.advance(10_000)
  expect(own.log).toEqual([])
})

test('listening that failed: who relied on it is ended, the next one has it tried again', async () => {
  channel.failure = new Error('out of reach')
  const early = [session('alice'), session('bob')]
  const own = session('carol', 'own')
  let ready = false
  void sessions.ready().then(() => {
    ready = true
  })
  await expect(own.heard).rejects.toThrow('out of reach')
  own.end()
  expect(reported).toEqual(['control'])
  channel.failure = undefined
  const later = session('dora')
  await sessions.ready()
  clock.advance(9_900)
  await settle()
  expect(early.map(({ log }) => log)).toEqual([['unsure'], ['unsure']])
  expect(ready).toBe(true)
  channel.say({ type: 'disconnect-user', userId: 'dora' })
  expect(later.log).toEqual(['disconnected'])
})

test('it is listened while somebody is there, also where nobody waited for it', async () => {
  const [alice, own] = [session('alice'), session('bob', 'own')]
  await sessions.ready()
  expect(channel.users).toBe(1)
  alice.end()
  expect(channel.users).toBe(1)
  own.end()
  expect(channel.users).toBe(0)
  session('carol').end()
  await settle()
  expect(channel.users).toBe(0)
  const dora = session('dora', 'own')
  await dora.heard
  expect(channel.users).toBe(1)
  sessions.close()
  expect(channel.users).toBe(0)
  channel.closing.abort()
  expect(session('late', 'own').heard).toBeUndefined()
})
