import { ChanError, type Clock, systemClock } from '@chan/core'
import { ManualClock } from '@chan/core/testing'
import { waitFor } from '@chan/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { KeptSession, type KeptSessionOptions } from '../../src/connection/kept-session.js'
import type { Session } from '../../src/connection/session.js'
import { databaseScene, rejection } from './database.js'

const scene = databaseScene()
const kept: KeptSession[] = []
afterEach(() => Promise.all(kept.splice(0).map((one) => one.close())))

/** Real time, but nobody waits long: a twentieth. */
const hurried: Clock = {
  ...systemClock,
  after: (delayMs, task) => systemClock.after(delayMs / 20, task),
}
const LONG_MS = 100_000

/** A kept session, and all that it told its owner. */
function keep(options: Partial<KeptSessionOptions> = {}) {
  const events: string[] = []
  const reports: unknown[] = []
  const session = new KeptSession({
    name: 'publisher',
    clock: hurried,
    open: (signal) => scene.open({ signal }),
    ready: async (_session, returning) => {
      events.push(returning ? 'set up again' : 'set up')
    },
    lost: () => events.push('lost'),
    back: () => events.push('back'),
    report: (error) => reports.push(error),
    ...options,
  })
  kept.push(session)
  return { kept: session, events, reports }
}

function wrong(): ChanError {
  return new ChanError('invalid-option', 'wrong password', 'change it')
}

function down(): ChanError {
  return new ChanError('unavailable', 'refused', 'start it')
}

describe('starting', () => {
  it('opens and sets up a session, once', async () => {
    const { kept, events } = keep()
    expect(kept.state).toBe('connecting')
    await Promise.all([kept.start(), kept.start()])
    expect(events).toEqual(['set up'])
    expect(kept.state).toBe('connected')
    expect(await kept.whenReady(1_000)).toBe(kept.session)
    expect(kept.reconnects).toBe(0)
  })

  it('rejects with what failed, tries nothing on its own, and may be tried again', async () => {
    let failing = true
    let opened: Session | undefined
    const { kept, events, reports } = keep({
      ready: async (session) => {
        opened = session
        if (failing) throw wrong()
      },
    })
    expect(await rejection(kept.start())).toMatchObject({ message: 'wrong password' })
    expect(kept.session).toBeUndefined()
    expect(opened?.alive).toBe(false)
    expect(kept.lastError).toMatchObject({ message: 'wrong password' })
    failing = false
    await kept.start()
    expect(kept.session).toBe(opened)
    expect(events).toEqual([])
    expect(reports).toEqual([])
  })

  it('fails when the session is lost while it is set up, whatever the set-up waits for', async () => {
    const { kept } = keep({
      ready: (session) => {
        void scene.terminate(session)
        return new Promise(() => {})
      },
    })
    expect((await rejection(kept.start())).message).toMatch(/terminating connection/)
  })
})

describe('a loss', () => {
  it('is followed by another session, as often as it happens', async () => {
    const { kept, events } = keep()
    await kept.start()
    for (let kill = 1; kill <= 5; kill++) {
      const before = await kept.whenReady(LONG_MS)
      await scene.terminate(before)
      await waitFor(() => kept.reconnects === kill)
      const after = await kept.whenReady(LONG_MS)
      expect(after).not.toBe(before)
      expect(await after.query('select 1 as n')).toEqual([{ n: 1 }])
    }
    const round = ['lost', 'set up again', 'back']
    expect(events).toEqual(['set up', ...Array(5).fill(round).flat()])
    expect(kept.state).toBe('connected')
    expect((kept.lastError as Error).message).toMatch(/terminating connection/)
  })

  it('outlives attempts that fail to open or to set up', async () => {
    const outcomes = [down(), down(), undefined, down(), undefined]
    let setUps = 0
    const { kept, events, reports } = keep({
      open: async (signal) => {
        const outcome = kept.state === 'reconnecting' ? outcomes.shift() : undefined
        if (outcome) throw outcome
        return scene.open({ signal })
      },
      ready: async () => {
        if (++setUps === 2) throw new Error('not yet')
      },
    })
    await kept.start()
    await scene.terminate(await kept.whenReady(LONG_MS))
    await waitFor(() => kept.state === 'reconnecting')
    await kept.whenReady(LONG_MS)
    expect(outcomes).toEqual([])
    expect(setUps).toBe(3)
    expect(events).toEqual(['lost', 'back'])
    expect(kept.reconnects).toBe(1)
    expect(reports).toEqual([])
  })

  it('reports a set-up that lacks something on the server', async () => {
    let broken = false
    const { kept, reports } = keep({
      ready: async (session) => {
        if (broken) await session.query('select * from no_such_table')
      },
    })
    await kept.start()
    broken = true
    await scene.terminate(kept.session as Session)
    await waitFor(() => reports.length === 1)
    broken = false
    await waitFor(() => kept.reconnects === 1)
    expect(reports).toMatchObject([
      { code: 'invalid-option', hint: expect.stringContaining('sql') },
    ])
  })

  it('reports what waiting will not cure once per outage, and keeps trying', async () => {
    const errors: Error[] = []
    const { kept, reports } = keep({
      open: async (signal) => {
        const error = errors.shift()
        if (error) throw error
        return scene.open({ signal })
      },
    })
    await kept.start()
    for (let outage = 1; outage <= 2; outage++) {
      errors.push(down(), wrong(), wrong(), wrong())
      await scene.terminate(await kept.whenReady(LONG_MS))
      await waitFor(() => kept.reconnects === outage)
      expect(reports).toHaveLength(outage)
    }
    expect(reports[0]).toMatchObject({ message: 'wrong password' })
  })

  it('of a session that had barely connected is met with patience', async () => {
    const clock = new ManualClock()
    let opened = 0
    const { kept } = keep({
      clock,
      random: () => 0.999,
      open: () => {
        opened++
        return scene.open()
      },
    })
    await kept.start()
    const lose = async () => {
      await scene.terminate(kept.session as Session)
      await waitFor(() => clock.pending === 1)
    }
    await lose()
    clock.advance(0)
    await waitFor(() => kept.reconnects === 1)
    // Lost right after it connected: not at once this time.
    await lose()
    clock.advance(49)
    expect(opened).toBe(2)
    clock.advance(1)
    await waitFor(() => kept.reconnects === 2)
    // Having held for a while, it is replaced at once again.
    clock.advance(2_000)
    await lose()
    clock.advance(0)
    await waitFor(() => kept.reconnects === 3)
  })
})

describe('waiting for a session', () => {
  it('ends with the deadline, and says what is wrong', async () => {
    const { kept } = keep({ clock: systemClock, open: async () => Promise.reject(down()) })
    await rejection(kept.start())
    expect(await rejection(kept.whenReady(20))).toMatchObject({
      code: 'unavailable',
      message: "The publisher's connection to PostgreSQL was not there within 20 ms (refused).",
      cause: { message: 'refused' },
    })
  })

  it('is over as soon as one is there', async () => {
    const { kept } = keep()
    const waiting = kept.whenReady(LONG_MS)
    await kept.start()
    expect(await waiting).toBe(kept.session)
  })
})

describe('closing', () => {
  it('ends the session, and every wait', async () => {
    const { kept, events } = keep()
    await kept.start()
    const session = kept.session
    await Promise.all([kept.close(), kept.close()])
    expect(session?.alive).toBe(false)
    expect(kept.state).toBe('closed')
    expect(events).toEqual(['set up'])
    expect(await rejection(kept.whenReady(1_000))).toMatchObject({ code: 'layer-closed' })
    expect(await rejection(kept.start())).toMatchObject({ code: 'layer-closed' })
  })

  it('gives up an attempt under way, at either step', async () => {
    const opening = keep({
      open: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('given up')))
        }),
    })
    let half: Session | undefined
    const settingUp = keep({
      ready: (session) => {
        half = session
        return new Promise(() => {})
      },
    })
    const starts = [opening, settingUp].map(({ kept }) => rejection(kept.start()))
    const waits = [opening, settingUp].map(({ kept }) => rejection(kept.whenReady(LONG_MS)))
    await waitFor(() => half)
    await Promise.all([opening.kept.close(), settingUp.kept.close()])
    for (const error of await Promise.all([...starts, ...waits])) {
      expect(error).toMatchObject({ code: 'layer-closed' })
    }
    expect(half?.alive).toBe(false)
  })

  it('ends the search for another session', async () => {
    let refusing = false
    const { kept } = keep({
      open: (signal) => (refusing ? Promise.reject(down()) : scene.open({ signal })),
    })
    await kept.start()
    refusing = true
    await scene.terminate(kept.session as Session)
    await waitFor(() => kept.state === 'reconnecting')
    await kept.close()
    expect(kept.state).toBe('closed')
    expect(kept.session).toBeUndefined()
  })
})
