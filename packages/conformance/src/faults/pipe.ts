// One direction of a proxied connection: what arrives goes on in order, late or not at all for now.
import type { Socket } from 'node:net'

/** Above this, reading pauses, and the sender's buffers fill up as on a real slow line. */
const QUEUE_BYTES = 4 * 1024 * 1024

interface Arrival {
  /** Null is the end of the stream. */
  readonly chunk: Buffer | null
  readonly due: number
}

export class Pipe {
  /** How long each chunk takes, in milliseconds. Chunks under way keep the time they were given. */
  delayMs = 0
  readonly #from: Socket
  readonly #to: Socket
  readonly #onPassed: (bytes: number) => void
  readonly #queue: Arrival[] = []
  #queuedBytes = 0
  #held = true
  #dropping = false
  #waitingForDrain = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, onPassed: (bytes: number) => void) {
    this.#from = from
    this.#to = to
    this.#onPassed = onPassed
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    from.on('end', () => this.#take(null))
    to.on('connect', () => this.#pump())
    to.on('drain', () => {
      this.#waitingForDrain = false
      this.#pump()
    })
    from.pause()
  }

  /** Held, it neither reads nor writes; what the kernel has already is on its way. */
  hold(held: boolean): void {
    this.#held = held
    this.#pump()
  }

  /** Ends the receiver's side at once. The sender is still read and does not notice. */
  finish(): void {
    this.#dropping = true
    this.#clear()
    this.#to.end()
    this.#regulate()
  }

  close(): void {
    this.#dropping = true
    this.#clear()
  }

  #take(chunk: Buffer | null): void {
    if (this.#dropping) return
    // Never before its predecessor, should the delay have been made shorter.
    const due = Math.max(performance.now() + this.delayMs, this.#queue.at(-1)?.due ?? 0)
    this.#queue.push({ chunk, due })
    this.#queuedBytes += chunk?.length ?? 0
    this.#pump()
  }

  #pump(): void {
    clearTimeout(this.#timer)
    while (this.#mayWrite()) {
      const next = this.#queue[0]
      if (!next) break
      const wait = next.due - performance.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), wait).unref()
        break
      }
      this.#queue.shift()
      this.#pass(next.chunk)
    }
    this.#regulate()
  }

  #mayWrite(): boolean {
    return !this.#held && !this.#waitingForDrain && this.#to.readyState !== 'opening'
  }

  #pass(chunk: Buffer | null): void {
    if (!this.#to.writable) return
    if (chunk === null) {
      this.#to.end()
      return
    }
    this.#queuedBytes -= chunk.length
    this.#onPassed(chunk.length)
    this.#waitingForDrain = !this.#to.write(chunk)
  }

  #regulate(): void {
    const full = !this.#dropping && this.#queuedBytes > QUEUE_BYTES
    if (this.#held || full) this.#from.pause()
    else this.#from.resume()
  }

  #clear(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
    this.#queuedBytes = 0
  }
}
