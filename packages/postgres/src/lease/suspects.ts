// Which nodes seem to be dead, and since when: a node whose lock is free gets some time to come back
// before it is taken out.

import type { Clock, Timer } from '@chan/core/backend'

/** A node as an observer sees it. */
export interface SeenNode {
  readonly node: number
  readonly incarnation: number
  /** Its lock is held: it lives. */
  readonly held: boolean
}

/**
 * For a node that was alive while this very connection stood: its process was killed or its session
 * broke, while the server and this process went on. Users must be gone within 2 s. A look takes
 * place up to 0.3 s after the death; with this grace, everything was told after 0.8 to 1.0 s, also
 * with both cores of a machine kept busy. The other second is for worse: late timers, a queue at the
 * batch lock. And to a process whose session broke it leaves some ten times what a new one takes.
 */
export const GRACE_MS = 800
/**
 * For any other: this process or the server is new here, and whoever is missing may be on its way
 * back from the same outage, with pauses of up to 2 s between attempts.
 */
export const LONG_GRACE_MS = 10_000
/** Until what should be gone is taken up again. */
const RETRY_MS = 500

interface Suspect {
  /** Was alive while this connection stood. */
  wasAlive: boolean
  timer: Timer | undefined
  due: boolean
}

export class Suspects {
  readonly #clock: Clock
  readonly #due: () => void
  readonly #byIncarnation = new Map<number, Suspect>()
  #hasSeen = false

  /** @param due runs when the time of a suspect is over and it should be looked at once more */
  constructor(clock: Clock, due: () => void) {
    this.#clock = clock
    this.#due = due
  }

  /** Takes in what was seen; answers the nodes whose time is over. */
  see(nodes: readonly SeenNode[]): SeenNode[] {
    const gone = new Set(this.#byIncarnation.keys())
    for (const { incarnation } of nodes) gone.delete(incarnation)
    for (const incarnation of gone) this.#drop(incarnation)
    const due = nodes.filter((node) => this.#isDue(node))
    this.#hasSeen = true
    return due
  }

  /** What was seen on an earlier connection says nothing any more. */
  clear(): void {
    for (const incarnation of [...this.#byIncarnation.keys()]) this.#drop(incarnation)
    this.#hasSeen = false
  }

  #isDue({ incarnation, held }: SeenNode): boolean {
    // Whoever came since the last look was alive then, even if it died before this one.
    const suspect = this.#byIncarnation.get(incarnation) ?? newSuspect(this.#hasSeen)
    this.#byIncarnation.set(incarnation, suspect)
    if (held) {
      suspect.timer?.cancel()
      Object.assign(suspect, { wasAlive: true, timer: undefined, due: false })
      return false
    }
    const isDue = suspect.due
    suspect.due = false
    if (isDue) this.#wait(suspect, RETRY_MS)
    else if (!suspect.timer) this.#wait(suspect, suspect.wasAlive ? GRACE_MS : LONG_GRACE_MS)
    return isDue
  }

  #wait(suspect: Suspect, ms: number): void {
    suspect.timer = this.#clock.after(ms, () => {
      suspect.due = true
      this.#due()
    })
  }

  #drop(incarnation: number): void {
    this.#byIncarnation.get(incarnation)?.timer?.cancel()
    this.#byIncarnation.delete(incarnation)
  }
}

function newSuspect(wasAlive: boolean): Suspect {
  return { wasAlive, timer: undefined, due: false }
}
