// uWS as far as this package uses it: topics, and what waits for a peer, made to say what a real
// network cannot be made to say.

import type { UwsApp, UwsWebSocket } from '../src/app.js'
import { UwsSocket } from '../src/uws-socket.js'

/** Throws like the real one once it closed. */
export class FakeWs implements UwsWebSocket {
  buffered = 0
  /** What `send` answers: 0 waits, 1 sent, 2 dropped. */
  status = 1
  closed: ((code: number, reason: string) => void) | undefined
  readonly received: string[] = []
  readonly topics = new Set<string>()
  readonly calls: string[] = []
  #isOpen = true

  getUserData(): object {
    return this
  }
  getBufferedAmount(): number {
    this.#check()
    return this.buffered
  }
  send(message: Uint8Array): number {
    this.#check()
    if (this.status < 2) this.received.push(Buffer.from(message).toString())
    return this.status
  }
  cork(write: () => void): void {
    this.#check()
    this.calls.push('cork')
    write()
  }
  ping(): void {
    this.#check()
    this.calls.push('ping')
  }
  end(code: number, reason: Uint8Array): void {
    this.calls.push(`end ${code}`)
    this.#close(code, Buffer.from(reason).toString())
  }
  close(): void {
    this.calls.push('close')
    this.#close(1006, '')
  }
  subscribe(topic: string): boolean {
    this.#check()
    this.topics.add(topic)
    return true
  }
  unsubscribe(topic: string): boolean {
    this.#check()
    return this.topics.delete(topic)
  }

  #close(code: number, reason: string): void {
    this.#check()
    this.#isOpen = false
    this.topics.clear()
    this.closed?.(code, reason)
  }
  #check(): void {
    if (!this.#isOpen) throw new Error('Invalid access of closed uWS.WebSocket/SSLWebSocket.')
  }
}

/** Publishes at once. */
export class FakeApp implements UwsApp {
  readonly sockets = new Set<FakeWs>()
  published = 0

  ws(): void {}
  publish(topic: string, message: Uint8Array): boolean {
    this.published++
    const text = Buffer.from(message).toString()
    for (const ws of this.#subscribers(topic)) ws.received.push(text)
    return true
  }
  numSubscribers(topic: string): number {
    return this.#subscribers(topic).length
  }

  #subscribers(topic: string): FakeWs[] {
    return [...this.sockets].filter((ws) => ws.topics.has(topic))
  }
}

/** A socket of ours on a fake one. */
export function fakeSocket(deflates = false): {
  readonly ws: FakeWs
  readonly socket: UwsSocket
} {
  const ws = new FakeWs()
  const socket = new UwsSocket(deflates)
  socket.opened(ws)
  ws.closed = (code, reason) => socket.closed({ code, reason })
  return { ws, socket }
}
