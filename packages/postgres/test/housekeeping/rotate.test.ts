// The rotation: slots are emptied, and what history shows, where channels stand and what publishers
// may ask for stays as it was.
import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { History } from '../../src/log/history.js'
import { rotateAll, rotateOld } from './rotating.js'
import { type Published, scene } from './scene.js'

const everything = { messages: Infinity, bytes: Infinity }
const limits = { maxHistory: 100, historyTtlMs: null, explicit: false }

for (const durability of ['durable', 'unlogged'] as const) {
  describe(durability, () => {
    const db = scene(durability)
    const history = new History('"chan"', (text, values) => db.query(text, values))
    const shown = async (channel: string) => {
      const { messages } = await history.show(channel, {}, limits, everything, Date.now())
      return messages.map(({ data }) => data)
    }
    const rows = async (table: string) =>
      (await db.one<{ n: number }>(`select count(*)::int as n from chan.${table}`)).n
    const numbers = (channel: string, from: number, to: number, more = {}): Published[] =>
      Array.from({ length: to - from }, (_, n) => ({ channel, body: `${from + n}`, ...more }))
    const range = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => from + n)

    beforeEach(async () => {
      await rotateAll(db)
      await db.query('truncate chan.channel, chan.kept')
    })

    test('the slots are used in turn, and each is empty when its turn comes', async () => {
      const order: number[] = []
      for (let round = 0; round < 6; round++) {
        await db.append(numbers('c', round * 10, round * 10 + 10))
        const { slot } = await db.one<{ slot: number }>('select slot from chan.meta')
        order.push(slot)
        const { n } = await db.one<{ n: number }>(
          'select count(*)::int as n from chan.log where slot = $1 and channel_id > 0',
          [slot],
        )
        expect(n).toBe(10)
        expect(await rotateAll(db)).toContain('emptied')
      }
      const first = order[0] as number
      expect(order).toEqual(order.map((_, turn) => (first + turn) % 4))
      expect(await rows('log')).toBe(0)
      expect(await shown('c')).toEqual(range(0, 60))
    })

    test('history goes on exactly over several rotations', async () => {
      let top = 0
      for (let round = 0; round < 8; round++) {
        await db.append(numbers('few', top, top + 7, { maxHistory: 20 }))
        if (round === 0) await db.append(numbers('once', 0, 150))
        await db.append(numbers('none', top, top + 7, { maxHistory: 0 }))
        top += 7
        for (let step = 0; step < 5; step++) {
          await rotateOld(db)
          expect(await shown('few')).toEqual(range(Math.max(0, top - 20), top))
          expect(await shown('once')).toEqual(range(50, 150))
          expect(await shown('none')).toEqual([])
        }
      }
      // No more is kept than one rotation may add, and no more than once.
      expect(
        await rows(`kept k join chan.channel c on c.id = channel_id where name = 'few'`),
      ).toBeLessThanOrEqual(20 + 7 * 4)
      await rotateAll(db)
      expect(await rows('kept')).toBeLessThanOrEqual(100 + 20 + 7 * 4)
    })

    test('a body that many channels share is found in each', async () => {
      const names = ['s1', 's2', 's3']
      for (let round = 0; round < 3; round++) {
        const body = `"${`${round}`.repeat(3000)}"`
        await db.append(
          names.map((channel) => ({ channel, body })),
          true,
        )
        await rotateAll(db)
      }
      expect(await rows('shared_body')).toBe(0)
      for (const name of names) {
        expect(await shown(name)).toEqual(['0', '1', '2'].map((digit) => digit.repeat(3000)))
      }
    })

    test('what was cleared, or hidden by a lower limit, stays hidden', async () => {
      await db.append(numbers('c', 0, 30))
      await rotateOld(db)
      await history.clear('c')
      await db.append(numbers('c', 30, 35))
      expect(await shown('c')).toEqual(range(30, 35))
      await rotateAll(db)
      expect(await shown('c')).toEqual(range(30, 35))
      await history.clear('c')
      expect(await shown('c')).toEqual([])

      await db.append(numbers('d', 0, 30, { maxHistory: 10 }))
      await rotateOld(db)
      await db.append(numbers('d', 30, 31, { maxHistory: 4 }))
      await rotateAll(db)
      expect(await shown('d')).toEqual(range(27, 31))
      await db.append(numbers('d', 31, 32, { maxHistory: 50 }))
      expect(await shown('d')).toEqual(range(27, 32))
      await rotateAll(db)
      expect(await shown('d')).toEqual(range(27, 32))
    })

    test('offsets and epochs go on where a slot was emptied', async () => {
      const places = () =>
        db.query<{ name: string; epoch: string; top: string }>(
          'select name, epoch, top from chan.channel order by name',
        )
      await db.append([...numbers('quiet', 0, 5), ...numbers('busy', 0, 5)])
      const before = await places()
      expect(before.map(({ top }) => top)).toEqual(['0', '0'])
      await rotateOld(db)
      await db.append(numbers('busy', 5, 8))
      await db.query(`update chan.log_slot set left_at = left_at - interval '1 hour'`)
      for (let done = ''; done !== 'emptied'; ) {
        await db.query(`update chan.log_slot set try_at = try_at - interval '1 hour'`)
        done = (await db.one<{ done: string }>('select chan.rotate(60000, 268435456) as done')).done
      }
      // Only who has nothing newer in the log was written.
      expect((await places()).map(({ top }) => top)).toEqual(['0', '5'])
      await db.append([...numbers('quiet', 5, 6), ...numbers('busy', 8, 9)])
      await rotateAll(db)
      const after = await places()
      expect(after.map(({ top }) => top)).toEqual(['9', '6'])
      expect(after.map(({ epoch }) => epoch)).toEqual(before.map(({ epoch }) => epoch))
      expect(await shown('quiet')).toEqual(range(0, 6))
      expect(await shown('busy')).toEqual(range(0, 9))
    })

    test('many channels and long histories are copied in steps', async () => {
      const many = Array.from({ length: 950 }, (_, n) => ({ channel: `m${n}`, body: `${n}` }))
      await db.append([...many, ...numbers('long', 0, 4_500, { maxHistory: 4_300 })])
      const steps = await rotateAll(db)
      expect(steps.filter((step) => step === 'kept').length).toBeGreaterThan(6)
      expect(steps.filter((step) => step === 'settled').length).toBeGreaterThan(1)
      expect(await rows('log')).toBe(0)
      expect(await rows('kept')).toBe(950 + 4_300)
      expect(await shown('long')).toEqual(range(200, 4_500))
      expect(await shown('m949')).toEqual([949])
    })

    test('what is too old to be shown is not copied, but never a hole is left', async () => {
      const old = { maxHistory: 100, ttlMs: 60_000 }
      await db.append(numbers('ttl', 0, 10, old))
      await db.query(`update chan.log set ts = ts - 600 where body::text in ('0', '1', '2', '5')
        and channel_id > 0`)
      await rotateAll(db)
      expect(await db.stored('ttl')).toEqual(range(3, 10).map(String))
      await db.append(numbers('ttl', 10, 12, old))
      await db.query('update chan.log set ts = ts - 600 where channel_id > 0')
      await rotateAll(db)
      expect(await db.stored('ttl')).toEqual(range(3, 10).map(String))
    })

    test('a publisher whose answer was lost finds its last batch for a minute', async () => {
      const { publisher, token } = await db.one<{ publisher: number; token: number }>(
        'select publisher, token from chan.enter_publisher(null)',
      )
      const send = (batch: number, resent: boolean) =>
        db.one<{ answer: string }>(
          `select chan.append($1, $2, $3, $4, '{p}', '{9}', '{NULL}', '{f}', '{1}', '{1}',
            array['"x"'], null, null, '{1}', '{1}', null) as answer`,
          [publisher, token, batch, resent],
        )
      await send(1, false)
      const first = await send(2, false)
      const step = async () => {
        await db.query(`update chan.meta set slot_since = slot_since - interval '1 hour'`)
        await db.query(`update chan.log_slot set try_at = try_at - interval '1 hour'`)
        return (await db.one<{ done: string }>('select chan.rotate(60000, 1) as done')).done
      }
      // Over the bytes allowed, so that slots are emptied that have just been left.
      for (let emptied = 0; emptied < 6; ) if ((await step()) === 'emptied') emptied++
      expect(await send(2, true)).toEqual(first)
      expect(await db.stored('p')).toHaveLength(2)
      await db.query('update chan.log set ts = ts - 61 where channel_id < 0 and ts > 0')
      await rotateAll(db)
      expect(await rows('log')).toBe(0)
    })

    test('a lock that somebody holds delays emptying and blocks nobody', async () => {
      const dump = await db.client()
      await db.append(numbers('c', 0, 5))
      const { slot } = await db.one<{ slot: number }>('select slot from chan.meta')
      await dump.query('begin isolation level repeatable read')
      await dump.query(`lock table chan.log_${slot} in access share mode`)
      const steps: string[] = []
      while (!steps.includes('delayed')) steps.push(await rotateOld(db))
      expect(steps).toEqual(['left', 'kept', 'settled', 'delayed'])
      // It is not tried again at once.
      expect(await db.one('select chan.rotate(60000, 268435456) as done')).toEqual({
        done: 'nothing',
      })
      await db.append(numbers('c', 5, 10))
      expect(await shown('c')).toEqual(range(0, 10))
      expect(await rotateOld(db)).toBe('left')
      expect(await rotateOld(db)).toBe('delayed')
      await dump.query('commit')
      expect(await rotateAll(db)).toContain('emptied')
      expect(await rows('log')).toBe(0)
      expect(await shown('c')).toEqual(range(0, 10))
    })

    test('with three slots waiting behind a lock, the present one goes on', async () => {
      const dump = await db.client()
      await dump.query('begin')
      await dump.query('lock table chan.log in access share mode')
      for (let round = 0; round < 6; round++) {
        await db.append(numbers('c', round, round + 1))
        for (let step = 0; step < 4; step++) await rotateOld(db)
      }
      expect((await db.query('select from chan.log_slot where left_at is not null')).length).toBe(3)
      await dump.query('commit')
      await rotateAll(db)
      expect(await rows('log')).toBe(0)
      expect(await shown('c')).toEqual(range(0, 6))
    })

    test('one process at a time, and nobody waits for it', async () => {
      await db.append(numbers('c', 0, 5))
      const other = await db.client()
      await other.query('begin')
      await other.query('select pg_advisory_xact_lock(lock_class, 2) from chan.meta')
      expect(await rotateOld(db)).toBe('busy')
      await other.query('rollback')
      expect(await rotateOld(db)).toBe('left')
    })

    test('a slot is left early when it grows too large, and then the oldest goes early', async () => {
      const large = (from: number) =>
        range(from, from + 10).map((n) => ({
          channel: 'l',
          body: `"${n} ${randomBytes(4_500).toString('hex')}"`,
        }))
      const rotate = async () =>
        (await db.one<{ done: string }>('select chan.rotate(3600000, 900000) as done')).done
      const steps: string[] = []
      for (let round = 0; round < 40; round++) {
        await db.append(large(round * 10))
        steps.push(await rotate())
        await db.query(`update chan.log_slot set try_at = try_at - interval '1 s'`)
      }
      const before = steps.indexOf('kept')
      expect(steps.slice(0, before).filter((step) => step === 'left').length).toBeGreaterThan(1)
      expect(steps).toContain('emptied')
      expect(await shown('l')).toHaveLength(100)
    })
  })
}

describe('a short recovery time', () => {
  const db = scene()
  test('is refused', async () => {
    await expect(db.query('select chan.rotate(999, 1)')).rejects.toMatchObject({ code: '22023' })
  })
})
