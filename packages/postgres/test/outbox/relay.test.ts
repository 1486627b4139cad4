// When a relay looks, how much it takes, and what it does about failures. The database is a script.
import { isChanError } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import pg from 'pg'
import { expect, test } from 'vitest'
import { Relay, type RelayHost } from '../../src/outbox/relay.js'

interface Call {
  readonly at: number
  readonly limit: number
  readonly known: string | null
  readonly waiting: string
  readonly aside: boolean
}

type Answer = Partial<{
  taken: number | null
  more: boolean
  known: string
  waiting: string[]
  failed: string
}>

function relaying(answer: (call: Call) => Answer = () => ({}), host: Partial<RelayHost> = {}) {
  const clock = new ManualClock()
  const begun = clock.now()
  const calls: Call[] = []
  const reported: unknown[] = []
  const relay = new Relay({
    clock,
    schema: 'chan',
    async query(_, [limit, , , known, waiting, aside]) {
      const call = { at: clock.now() - begun, limit, known, waiting, aside } as Call
      calls.push(call)
      const given = answer(call)
      const none = { taken: 0, more: false, known: 'k', waiting: [], failed: null }
      return [{ ...none, ...given }] as never
    },
    pollMs: 0,
    defaultHistory: 100,
    processes: () => 1,
    report: (error) => reported.push(error),
    ...host,
  })
  return {
    ...{ relay, calls, reported, clock },
    async pass(ms: number) {
      await new Promise((resolve) => setImmediate(resolve))
      for (let passed = 0; passed < ms; passed += 5) {
        clock.advance(5)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

const refused = (code: string) =>
  Object.assign(new pg.DatabaseError(`no: ${code}`, 2, 'error'), { code })

test('looks once when it starts, and then only when it is kicked, if probing is off', async () => {
  const { relay, calls, pass } = relaying()
  relay.kick()
  expect(calls).toEqual([])
  relay.start()
  await pass(10_000)
  relay.kick()
  await pass(10_000)
  expect(calls.map(({ at }) => at)).toEqual([0, 10_000])
})

test('probes, and the less often the more processes do', async () => {
  for (const [processes, least, most] of [
    [1, 160, 270],
    [16, 40, 68],
  ] as const) {
    const { relay, calls, pass } = relaying(() => ({}), { pollMs: 50, processes: () => processes })
    relay.start()
    await pass(10_000)
    expect(calls.length).toBeGreaterThan(least)
    expect(calls.length).toBeLessThan(most)
  }
})

test('goes on while there is more', async () => {
  const left = [500, 500, 20]
  const { relay, calls, pass } = relaying(() => ({
    taken: left.shift() ?? 0,
    more: left.length > 0,
  }))
  relay.start()
  await pass(5)
  expect(calls).toHaveLength(3)
  expect(relay.relayed).toBe(1_020)
})

test('gathers under load, and takes a lone message at once', async () => {
  let taken = 1
  const { relay, calls, pass } = relaying(() => ({ taken }))
  relay.start()
  for (let ms = 0; ms < 200; ms += 5) {
    relay.kick()
    await pass(5)
  }
  expect(calls.length).toBeGreaterThan(15)
  expect(calls.length).toBeLessThan(25)
  taken = 0
  await pass(50)
  const before = calls.length
  relay.kick()
  expect(calls.length).toBe(before + 1)
})

test('passes on what it knows, and looks at everything once a minute', async () => {
  let number = 0
  const { relay, calls, pass, clock } = relaying(() => ({ known: `k${++number}` }))
  relay.start()
  for (let n = 0; n < 3; n++) {
    await pass(5)
    relay.kick()
  }
  clock.advance(60_000)
  for (let n = 0; n < 2; n++) {
    relay.kick()
    await pass(5)
  }
  expect(calls.map(({ known }) => known)).toEqual([null, 'k1', 'k2', 'k3', null, 'k5'])
})

test('relies on nothing that was known before a pause', async () => {
  const { relay, calls, pass } = relaying()
  relay.start()
  await pass(5)
  relay.pause()
  relay.kick()
  await pass(100)
  relay.start()
  // The answer to a call from before does not count either.
  relay.pause()
  relay.start()
  relay.kick()
  await pass(5)
  expect(calls.map(({ known }) => known)).toEqual([null, null, null])
})

test('looks often for the rows of a transaction, until they can no longer come', async () => {
  const open = new Set(['7', '8'])
  const { relay, calls, pass } = relaying(() => ({ waiting: [...open] }))
  relay.start()
  await pass(100)
  relay.expect('7')
  relay.expect('8')
  await pass(200)
  expect(calls.slice(1).map(({ waiting }) => waiting)).toEqual(Array(10).fill('{7,8}'))
  open.delete('7')
  await pass(200)
  expect(calls.at(-1)?.waiting).toBe('{8}')
  // The longer it lasts, the less often.
  await pass(100_000)
  const before = calls.length
  await pass(10_000)
  expect(calls.length - before).toBeLessThan(12)
  open.delete('8')
  await pass(2_000)
  const done = calls.length
  await pass(100_000)
  expect(calls.length).toBe(done)
})

test('looks often for a while where no transaction id is told', async () => {
  const { relay, calls, pass } = relaying()
  relay.start()
  relay.expect(undefined)
  await pass(60_000)
  expect(calls.length).toBeGreaterThan(80)
  expect(calls.length).toBeLessThan(110)
})

test('gives up on a transaction that stays open for an hour', async () => {
  const { relay, calls, clock, pass } = relaying(() => ({ waiting: ['7'] }))
  relay.start()
  relay.expect('7')
  await pass(100)
  clock.advance(3_600_000)
  await pass(5)
  const before = calls.length
  await pass(10_000)
  expect(calls.length - before).toBeLessThan(2)
})

test('a row that cannot be stored is cornered, tried again, set aside and told of', async () => {
  // The row with this number, counted from what was taken before.
  let bad = 300
  const { relay, calls, reported, pass } = relaying(({ limit, aside }) => {
    const taken = bad >= 0 && bad < limit
    if (taken && !(aside && limit === 1)) throw refused('22023')
    const failed = taken ? '#9 for channel c: no (22023)' : undefined
    bad -= limit
    return { taken: limit, more: bad > -1_000, ...(failed && { failed }) }
  })
  relay.start()
  await pass(5_000)
  const limits = calls.map(({ limit }) => limit)
  expect(limits.slice(0, 2)).toEqual([500, 250])
  expect(limits.filter((limit) => limit === 1).length).toBeGreaterThanOrEqual(4)
  expect(calls.filter(({ aside }) => aside)).toHaveLength(1)
  expect(limits.at(-1)).toBeGreaterThan(250)
  expect(reported).toHaveLength(1)
  expect(isChanError(reported[0], 'invalid-payload')).toBe(true)
  expect(String(reported[0])).toContain('#9 for channel c')
})

test('what fails even then is no fault of the row, and is told of', async () => {
  const { relay, reported, calls, pass } = relaying(() => {
    throw refused('54000')
  })
  relay.start()
  await pass(5_000)
  expect(reported).toMatchObject([{ code: '54000' }])
  expect(calls.length).toBeLessThan(25)
})

test('what is no fault of a row is tried again as it is, with pauses', async () => {
  const errors = ['42883', '53100', 'CH001'].map(refused)
  const { relay, calls, reported, pass } = relaying(() => {
    const error = errors.shift()
    if (error) throw error
    return {}
  })
  relay.start()
  await pass(3_000)
  expect(calls).toHaveLength(4)
  expect(calls.every(({ limit, aside }) => limit === 500 && !aside)).toBe(true)
  expect((calls[3]?.at ?? 0) - (calls[0]?.at ?? 0)).toBeGreaterThan(500)
  // Not that of a full disk, which passes.
  expect(reported).toHaveLength(2)
})

test('closed, it is silent', async () => {
  const { relay, calls, pass, clock } = relaying(() => ({}), { pollMs: 50 })
  relay.start()
  await pass(5)
  await relay.close()
  relay.kick()
  relay.expect('7')
  relay.start()
  await pass(1_000)
  expect(calls).toHaveLength(1)
  expect(clock.pending).toBe(0)
})
