// Who receives something in a user's name in this process: client sessions, and the server's own
// subscriptions. Any process of the cluster can end that.

import { Latch } from '../model/latch.js'
import type { Session, SessionRegister } from '../ports/connections.js'
import { ByUser } from './by-user.js'
import type { ErrorListener } from './context.js'
import type { ControlCommand } from './control.js'
import { ControlLine, type ControlListener, type ControlParts } from './control-line.js'
import { Spread } from './spread.js'

/** @internal */
export class Sessions implements SessionRegister, ControlListener {
  readonly #report: ErrorListener
  readonly #line: ControlLine
  readonly #clients = new ByUser<Session>()
  /** What the server subscribed to in users' names. */
  readonly #own = new ByUser<Session>()
  readonly #spread: Spread<Session>
  readonly #emptied = new Latch()
  #ready: Promise<void> | undefined

  constructor(parts: ControlParts, report: ErrorListener) {
    this.#report = report
    this.#line = new ControlLine(parts, this)
    this.#spread = new Spread(parts.clock, (session) => session.endSession('unsure'))
  }

  /** Open client sessions of this process. */
  get size(): number {
    return this.#clients.size
  }

  add(userId: string | null, session: Session): void {
    this.#clients.add(userId, session)
    this.#listen()
  }

  remove(userId: string | null, session: Session): void {
    if (!this.#clients.remove(userId, session)) return
    this.#removed(session)
    if (this.#clients.size === 0) this.#emptied.open()
  }

  /**
   * Registers what is no client's: not counted, and not waited for when the layer closes. Answers
   * nothing if commands reach it, else a promise of that, which rejects if listening failed.
   */
  addOwn(userId: string, session: Session): Promise<void> | undefined {
    this.#own.add(userId, session)
    this.#listen()
    return this.#line.ready
  }

  removeOwn(userId: string, session: Session): void {
    if (this.#own.remove(userId, session)) this.#removed(session)
  }

  async ready(): Promise<void> {
    await this.#ready
  }

  /** Obeys the command here, and has the other processes obey; resolves when it is stored. */
  async order(command: ControlCommand): Promise<void> {
    this.obey(command)
    await this.#line.send(command)
  }

  obey(command: ControlCommand): void {
    const { type, userId } = command
    const clients = this.#clients.of(userId)
    if (type === 'disconnect-user') {
      for (const session of clients) session.endSession('disconnected')
    } else {
      for (const session of [...clients, ...this.#own.of(userId)]) session.revoke(command.channel)
    }
  }

  unsure(): void {
    void this.#spreadUnsure()
  }

  /** Resolves when no client session is left; they end by themselves when the layer closes. */
  async empty(): Promise<void> {
    if (this.#clients.size > 0) await this.#emptied.wait()
  }

  /** Ends all client sessions at once; the layer closes. */
  endAll(): void {
    this.#spread.close()
    for (const session of this.#clients.all()) session.endSession('closing')
  }

  /** Hears of nothing any more. */
  close(): void {
    this.#spread.close()
    this.#line.stop()
  }

  #listen(): void {
    const starting = this.#line.start()
    if (!starting) return
    this.#ready = starting.catch((error: unknown) => {
      // Without the control channel nobody could be disconnected from elsewhere. The server's own
      // subscriptions are refused with it instead.
      if (this.#clients.size > 0) this.#report(error, { operation: 'control' })
      return this.#spreadUnsure()
    })
  }

  #spreadUnsure(): Promise<void> {
    return this.#spread.over([...this.#clients.all(), ...this.#own.all()])
  }

  #removed(session: Session): void {
    this.#spread.forget(session)
    if (this.#clients.size + this.#own.size === 0) this.#line.stop()
  }
}
