// One WebSocket of the load: as little of a client as the servers accept.

import { connect, type Socket } from 'node:net'
import type { Protocol } from '../variants.js'
import { clientFrame, Opcode, textFrame, upgradeRequest } from './client-frame.js'
import { FrameReader, type FrameSink } from './frame-reader.js'
import type { Tally } from './tally.js'
import { TAIL_BYTES, Trail } from './trail.js'

export interface Address {
  readonly port: number
  readonly protocol: Protocol
  readonly room: string
  /** Look into its messages for their age. */
  readonly sampled: boolean
  /** Reads no more once it is open; what it gets when it reads on leaves a trail instead. */
  readonly stalls?: boolean
}

/** Texts of Socket.IO's protocol that are no messages: the longest is one packet type. */
const PACKET = 2

/** Every read goes through the same bytes, which are dealt with before the next one. */
const shared = Buffer.allocUnsafeSlow(256 * 1024)

export class RawSocket implements FrameSink {
  readonly room: string
  /** Rejects where the server refused, or closed before it was open. */
  readonly opened: Promise<void>
  readonly trail: Trail | undefined
  readonly #socket: Socket
  readonly #tally: Tally
  readonly #sampled: boolean
  readonly #joins: boolean
  readonly #reader = new FrameReader(this)
  #head: string | undefined = ''
  #open = false
  #settle: ((error?: Error) => void) | undefined

  constructor({ port, protocol, room, sampled, stalls = false }: Address, tally: Tally) {
    this.room = room
    this.#tally = tally
    this.#sampled = sampled
    this.trail = stalls ? new Trail() : undefined
    this.#joins = protocol === 'socket.io'
    this.opened = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve())
    })
    const read = (size: number) => this.#read(size)
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: shared, callback: (size) => read(size) },
    })
    const path = this.#joins ? `/socket.io/?EIO=4&transport=websocket&room=${room}` : `/ws/${room}`
    this.#socket.write(upgradeRequest(path, port))
    this.#socket.on('error', (error) => this.#ended(error))
    this.#socket.on('close', () => this.#ended(new Error('closed before it was open')))
  }

  send(text: string): void {
    this.#socket.write(textFrame(text))
  }

  /** The kernel's buffers fill up; nobody here reads. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  wants(opcode: number, length: number): number {
    const whole = !this.#open || this.#sampled || opcode >= Opcode.close || length <= PACKET
    if (whole) return length
    return this.trail ? TAIL_BYTES : 0
  }

  frame(opcode: number, length: number, payload: Buffer | undefined): void {
    if (opcode === Opcode.ping) {
      this.#socket.write(clientFrame(Opcode.pong, payload ?? Buffer.alloc(0)))
    } else if (opcode >= Opcode.close) return
    else if (this.#joins && (!this.#open || length <= PACKET)) this.#packet(String(payload))
    else if (this.trail) this.trail.take(payload)
    else {
      this.#tally.take(length)
      if (payload) this.#tally.look(payload)
    }
  }

  /** Socket.IO: `0` opens the transport, `40` the namespace; `2` asks whether we live. */
  #packet(text: string): void {
    if (text.startsWith('40')) this.#opens()
    else if (text.startsWith('0')) this.send('40')
    else if (text === '2') this.send('3')
  }

  #read(size: number): boolean {
    if (this.#head === undefined) this.#reader.push(shared, 0, size)
    else this.#answer(this.#head, size)
    return true
  }

  #answer(before: string, size: number): void {
    const text = before + shared.toString('latin1', 0, size)
    const end = text.indexOf('\r\n\r\n')
    this.#head = end < 0 ? text : undefined
    if (end < 0) return
    if (!text.startsWith('HTTP/1.1 101')) {
      this.#ended(new Error(`refused: ${text.slice(0, text.indexOf('\r\n'))}`))
      return this.destroy()
    }
    if (!this.#joins) this.#opens()
    if (this.trail) this.pause()
    this.#reader.push(shared, end + 4 - before.length, size)
  }

  #opens(): void {
    this.#open = true
    this.#settle?.()
    this.#settle = undefined
  }

  #ended(error: Error): void {
    if (this.#open) {
      this.#open = false
      this.#tally.closed()
    }
    this.#settle?.(error)
    this.#settle = undefined
  }
}
