// What whoever listens to a roster is told: snapshots and batches, and never a word after the end.

import { waitFor } from '@chan/testkit'
import { describe, expect, test } from 'vitest'
import type { RosterBatch } from '../src/presence/members.js'
import { describeEvent, entry, Notebook, setUp } from './roster-scene.js'

describe('a listener of a roster', () => {
  test('is told a snapshot, then one batch for each change, each following the last', async () => {
    const { roster, join, leave } = setUp()
    join('alice')
    const notes = new Notebook()
    await roster.listen(notes)
    roster.changed(join('bob'))
    roster.changed({ ...join('alice'), type: 'update' })
    roster.changed(leave('bob'))
    expect(notes.words).toEqual(['1: alice', '1>2: +bob =2', '2>3: ~alice =2', '3>4: -bob left =1'])
  })

  test('hears of a crowd once, however many there are of either', async () => {
    const { roster, store, join } = setUp()
    const crowd = Array.from({ length: 200 }, (_, n) => join(`user-${n}`).entries[0] ?? entry(''))
    const books = crowd.map(() => new Notebook())
    await Promise.all(books.map((book) => roster.listen(book)))
    const { version } = store
    const cleared = { type: 'leave', reason: 'cleared', entries: crowd } as const
    roster.changed({ ...cleared, previous: version, version: version + 1 })
    const [first] = books
    expect(first?.batches[0]?.leave).toHaveLength(200)
    for (const { batches, snapshots } of books) {
      expect(batches).toHaveLength(1)
      expect(batches[0]).toBe(first?.batches[0])
      expect(snapshots[0]).toBe(first?.snapshots[0])
    }
    expect(store.lists).toBe(1)
  })

  test('gets one batch for a missed change, and a snapshot after a gap', async () => {
    const { roster, join, leave } = setUp()
    join('alice')
    const notes = new Notebook()
    await roster.listen(notes)
    leave('alice')
    join('bob')
    roster.changed(join('carol'))
    await waitFor(() => notes.words.length === 2, { deadlineMs: 1000, label: 'the difference' })
    roster.gap()
    await waitFor(() => notes.words.length === 3, { deadlineMs: 1000, label: 'the snapshot' })
    expect(notes.words.slice(1)).toEqual(['1>4: +bob,+carol,-alice timed-out =2', '4: bob,carol'])
  })

  test('hears that versions moved on with nothing to tell', async () => {
    const { roster, join, leave } = setUp()
    const notes = new Notebook()
    await roster.listen(notes)
    join('alice')
    roster.changed(leave('alice'))
    await waitFor(() => notes.words.length === 2, { deadlineMs: 1000, label: 'the versions' })
    // To an event listener that is nothing.
    roster.changed(join('bob'))
    expect(notes.words).toEqual(['0: ', '0>2:  =0', '2>3: +bob =1'])
  })

  test('ended in the middle of a batch, by itself or an earlier one, hears nothing more', async () => {
    const { roster, listen, listener, told, join } = setUp()
    const stops: (() => void)[] = []
    const notes = new Notebook()
    const heard: string[] = []
    const self = await listen((event) => {
      heard.push(describeEvent(event))
      if (event.type === 'join') for (const stop of [self, ...stops]) stop()
    })
    const later: string[] = []
    stops.push(await listen((event) => later.push(describeEvent(event))))
    await roster.listen(notes)
    stops.push(() => roster.stop(notes))
    await listen(listener)
    const entries = [entry('alice'), entry('bob')]
    roster.changed({ ...join('alice'), entries })
    expect(heard).toEqual(['sync ', 'join alice'])
    expect(later).toEqual(['sync '])
    expect(notes.words).toEqual(['0: ', 'ended'])
    expect(told).toEqual(['sync ', 'join alice', 'join bob'])
  })

  test('hears once that it ended, with the roster or without', async () => {
    const { roster } = setUp()
    const [stopped, closed, waiting] = [new Notebook(), new Notebook(), new Notebook()]
    await roster.listen(stopped)
    await roster.listen(closed)
    roster.stop(stopped)
    const refused = roster.listen(waiting)
    roster.close()
    await expect(refused).rejects.toMatchObject({ code: 'layer-closed' })
    for (const book of [stopped, closed, waiting]) roster.stop(book)
    expect([stopped.words, closed.words, waiting.words]).toEqual([
      ['0: ', 'ended'],
      ['0: ', 'ended'],
      [],
    ])
  })

  test('stopped before its snapshot hears nothing at all', async () => {
    const { roster } = setUp()
    const [stopped, stays] = [new Notebook(), new Notebook()]
    const both = [roster.listen(stopped), roster.listen(stays)]
    roster.stop(stopped)
    await Promise.all(both)
    expect([stopped.words, stays.words]).toEqual([[], ['0: ']])
  })

  test('added from within a callback begins after it, with what it was told of', async () => {
    const { roster, listen, told, join } = setUp()
    const notes = new Notebook()
    await listen((event) => {
      told.push(describeEvent(event))
      if (event.type === 'join' && told.length === 2) void roster.listen(notes)
    })
    roster.changed({ ...join('alice'), entries: [entry('alice'), entry('bob')] })
    await waitFor(() => notes.words.length === 1, { deadlineMs: 1000, label: 'the snapshot' })
    roster.changed(join('carol'))
    expect(told).toEqual(['sync ', 'join alice', 'join bob', 'join carol'])
    expect(notes.words).toEqual(['1: alice,bob', '1>2: +carol =3'])
  })

  test('that fails hurts nobody else, and hears the next batch', async () => {
    const { roster, errors, join } = setUp()
    class Failing extends Notebook {
      override changed(batch: RosterBatch): void {
        super.changed(batch)
        throw new Error('listener')
      }
    }
    const [failing, notes] = [new Failing(), new Notebook()]
    await roster.listen(failing)
    await roster.listen(notes)
    roster.changed(join('alice'))
    roster.changed(join('bob'))
    expect(errors).toHaveLength(2)
    expect(failing.words).toEqual(notes.words)
    expect(notes.words).toHaveLength(3)
  })
})
