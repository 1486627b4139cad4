// The publisher alone, on sessions that break when a test says: what was told not to be stored is not
// sent later, and what may be stored is sent again under its number.
import type { ChanError } from '@chan/core/backend'
import { ManualClock } from '@chan/core/testing'
import { expect, test } from 'vitest'
import { SessionLost } from '../../src/connection/errors.js'
import type { Session } from '../../src/connection/session.js'
import { Publisher } from '../../src/publish/publisher.js'

const DEADLINE_MS = 1_000
const ANSWER = { answer: 'g\u001de\u001f0\u001d' }

interface Call {
  readonly values: readonly unknown[]
  /** The bodies of an `append`. */
  readonly bodies: readonly string[]
  resolve(rows: object[]): void
  reject(error: unknown): void
}

/** The texts of a `text[]` in binary: after its header, a length and a text each. */
function textsOf(array: Buffer): string[] {
  const texts: string[] = []
  for (let at = 20; at < array.length; ) {
    const from = at + 4
    at = from + array.readInt32BE(at)
    texts.push(array.toString('utf8', from, at))
  }
  return texts
}

/** A session whose queries wait for the test. */
function fakeSession() {
  const calls: Call[] = []
  const query = (text: string, values: readonly unknown[] = []) => {
    if (text.includes('enter_publisher')) return Promise.resolve([{ publisher: 1, token: 1 }])
    return new Promise<object[]>((resolve, reject) => {
      calls.push({ values, bodies: textsOf(values[10] as Buffer), resolve, reject })
    })
  }
  return { calls, session: { query } as unknown as Session }
}

function scene() {
  const clock = new ManualClock()
  const host = { clock, schema: 'chan', deadlineMs: DEADLINE_MS, serverChanged: async () => {} }
  const publisher = new Publisher(host)
  const outcomes: Record<string, string> = {}
  const publish = (body: string) => {
    const limits = { maxHistory: 1, historyTtlMs: null, explicit: false }
    const entry = {
      body,
      bytes: body.length,
      sender: null,
      timestamp: 0,
      id: null,
      ephemeral: false,
    }
    publisher.append('c', entry, limits).then(
      () => {
        outcomes[body] = 'stored'
      },
      (error) => {
        outcomes[body] = (error as ChanError).code
      },
    )
  }
  return { clock, publisher, outcomes, publish }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A batch of an old and a young publish meets a session that is lost. */
async function loseBatch(sent: boolean) {
  const { clock, publisher, outcomes, publish } = scene()
  const first = fakeSession()
  await publisher.enter(first.session)
  publish('busy')
  await settled()
  publish('old')
  clock.advance(600)
  publish('young')
  first.calls[0]?.resolve([ANSWER])
  await settled()
  expect(first.calls[1]?.bodies).toEqual(['old', 'young'])
  publisher.lost()
  first.calls[1]?.reject(new SessionLost('gone', sent))
  await settled()
  clock.advance(DEADLINE_MS - 600)
  await settled()
  const second = fakeSession()
  await publisher.enter(second.session)
  await settled()
  second.calls[0]?.resolve([ANSWER])
  await settled()
  return { outcomes, before: first.calls[1] as Call, after: second.calls[0] as Call }
}

test('a batch that was never sent goes without those who were told so', async () => {
  const { outcomes, after } = await loseBatch(false)
  expect(outcomes).toEqual({ busy: 'stored', old: 'unavailable', young: 'stored' })
  expect(after.bodies).toEqual(['young'])
})

test('a batch that may be stored goes again as it was, under its number', async () => {
  const { outcomes, before, after } = await loseBatch(true)
  expect(outcomes).toEqual({ busy: 'stored', old: 'outcome-unknown', young: 'stored' })
  expect(after.bodies).toEqual(before.bodies)
  // Number, and whether it is sent again.
  expect(after.values.slice(2, 4)).toEqual([before.values[2], true])
})
