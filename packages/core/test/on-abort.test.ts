import { describe, expect, test } from 'vitest'
import { onAbort } from '../src/model/on-abort.js'

describe('onAbort', () => {
  test('runs the tasks in order, once, and not those taken back', () => {
    const controller = new AbortController()
    const ran: string[] = []
    const note = (what: string) => () => ran.push(what)
    onAbort(controller.signal, note('first'))
    const off = onAbort(controller.signal, note('taken back'))
    onAbort(controller.signal, note('second'))
    off()
    off()
    controller.abort()
    controller.abort()
    expect(ran).toEqual(['first', 'second'])
  })

  test('a task may take back a later one, and one given twice runs twice', () => {
    const controller = new AbortController()
    const ran: string[] = []
    let off = () => {}
    onAbort(controller.signal, () => off())
    off = onAbort(controller.signal, () => ran.push('taken back'))
    const twice = () => ran.push('twice')
    onAbort(controller.signal, twice)
    onAbort(controller.signal, twice)
    controller.abort()
    expect(ran).toEqual(['twice', 'twice'])
  })

  test('listens again after all were taken back; without a signal, or too late, never', () => {
    const controller = new AbortController()
    const ran: string[] = []
    const stale = onAbort(controller.signal, () => ran.push('stale'))
    stale()
    onAbort(controller.signal, () => ran.push('again'))
    stale()
    onAbort(undefined, () => ran.push('no signal'))()
    controller.abort()
    onAbort(controller.signal, () => ran.push('too late'))
    expect(ran).toEqual(['again'])
  })
})
