import { InMemoryChannelLayer, type Message, systemClock } from '@chan/memory'
import { describe, expect, it } from 'vitest'
import { clientFrame } from '../../src/sockets/client/client-frame.js'
import { ageOf, envelope, eventEnvelope, oddMillis, stampNow } from '../../src/sockets/message.js'
import { windowFor } from '../../src/sockets/shape.js'

describe('messages over sockets', () => {
  it('are as long by hand as those of a layer', async () => {
    const layer = new InMemoryChannelLayer({ clock: { ...systemClock, now: oddMillis } })
    const heard: Message[] = []
    await layer.channel('room').subscribe((message) => heard.push(message))
    for (let offset = 1; offset <= 11; offset++) {
      const data = { t: stampNow() }
      await layer.channel('room').publish(data)
      const byHand = JSON.stringify(envelope('room', data, offset))
      expect(byHand).toHaveLength(heard.at(-1)?.toJson().length ?? 0)
      const event = `42${JSON.stringify(['m', eventEnvelope('room', data, offset)])}`
      expect(event).toHaveLength(byHand.length)
    }
    await layer.disconnect()
  })

  it('tell their age', () => {
    const text = JSON.stringify(envelope('room', { t: stampNow() }, 1))
    expect(ageOf(text)).toBeGreaterThanOrEqual(0)
    expect(ageOf(text)).toBeLessThan(1_000)
  })

  it('are masked by clients so that the same key undoes it', () => {
    for (const length of [0, 5, 125, 126, 1_000]) {
      const payload = Buffer.alloc(length, 'abcdefg')
      const frame = clientFrame(1, payload)
      const head = length < 126 ? 2 : 4
      const key = frame.subarray(head, head + 4)
      const unmasked = frame.subarray(head + 4).map((byte, at) => byte ^ (key[at & 3] ?? 0))
      expect(Buffer.from(unmasked)).toEqual(payload)
      expect(frame[1]).toBe(0x80 | Math.min(length, 126))
    }
  })
})

describe('what may be on its way', () => {
  it('fits into the buffers of each connection', () => {
    expect(windowFor(10, 1, 136) * 136).toBeLessThanOrEqual(64 * 1024)
    expect(windowFor(100, 1, 10_136) * 10_136).toBeLessThanOrEqual(64 * 1024)
  })

  it('is never so little that nothing overlaps', () => {
    expect(windowFor(10_000, 10, 136)).toBe(3)
  })
})
