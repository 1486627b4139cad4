// A member's listening: everything it was delivered, in the order in which it came.
import type { Message, Position, Subscription } from '../../../src/index.js'
import type { PgChannelLayer } from '../../../src/layer.js'
import { type Body, isIntact } from './bodies.js'

/** A delivery, or word that continuity was lost. */
export type Heard =
  | {
      readonly epoch: string
      readonly offset: number
      readonly publisher: string
      readonly seq: number
    }
  | { readonly reset: Position; readonly missed: number | null }

export class Ears {
  readonly #layer: PgChannelLayer
  readonly #heard = new Map<string, Heard[]>()
  readonly #subscriptions = new Map<string, Subscription>()
  /** Deliveries that are not what was sent. */
  readonly damaged: string[] = []
  count = 0

  constructor(layer: PgChannelLayer) {
    this.#layer = layer
  }

  /** Resolves when everything from here on is heard. */
  async listen(channels: readonly string[]): Promise<void> {
    await Promise.all(
      channels.map(async (name) => {
        const heard: Heard[] = []
        this.#heard.set(name, heard)
        const subscription = await this.#layer
          .channel<Body>(name)
          .subscribe((message) => heard.push(this.#hear(name, message)), {
            filterFn: ({ offset }) => offset !== undefined,
            onReset: ({ position, missed }) => heard.push({ reset: position, missed }),
          })
        this.#subscriptions.set(name, subscription)
      }),
    )
  }

  /** In how many channels anything was heard. */
  get channels(): number {
    return [...this.#heard.values()].filter(({ length }) => length > 0).length
  }

  get heard(): ReadonlyMap<string, readonly Heard[]> {
    return this.#heard
  }

  position(channel: string): Position | undefined {
    return this.#subscriptions.get(channel)?.position
  }

  /** Whether these places were reached, or passed by in a reset. */
  hasReached(places: readonly (readonly [channel: string, place: Position])[]): boolean {
    return places.every(([channel, { epoch, offset }]) => {
      const position = this.position(channel)
      return position?.epoch === epoch && position.offset >= offset
    })
  }

  #hear(name: string, message: Message<Body>): Heard {
    this.count++
    const { channel, sender, data, epoch, offset, id } = message
    const isWhole =
      channel === name && isIntact(data) && [undefined, `${sender} ${data.seq}`].includes(id)
    if (!isWhole) this.damaged.push(`${name} ${epoch} ${offset}`)
    return {
      epoch: epoch as string,
      offset: offset as number,
      publisher: sender as string,
      seq: data.seq,
    }
  }
}
