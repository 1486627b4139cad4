// A double-ended queue in a ring of slots: messages come in at the tail and leave at the head, and
// neither moves the others.

const SMALLEST = 4

/** A queue with access by index. All operations are O(1), amortised where it grows or shrinks. */
export class Ring<T> {
  // Always a power of two long, so that the remainder is a mask.
  #slots: (T | undefined)[] = []
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The item at an index from the head; undefined outside. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#resize(Math.max(SMALLEST, this.#length * 2))
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item
    this.#length++
  }

  /** Removes and returns the item at the head; undefined when empty. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    // A burst must not keep its slots for ever. A quarter, so that growing and shrinking never chase
    // each other.
    if (this.#slots.length > SMALLEST && this.#length <= this.#slots.length >> 2) {
      this.#resize(this.#slots.length >> 1)
    }
    return item
  }

  clear(): void {
    this.#slots = []
    this.#head = 0
    this.#length = 0
  }

  #resize(capacity: number): void {
    const slots = new Array<T | undefined>(capacity)
    for (let i = 0; i < this.#length; i++) slots[i] = this.at(i)
    this.#slots = slots
    this.#head = 0
  }
}
