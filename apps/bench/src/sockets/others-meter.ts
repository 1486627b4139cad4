// How busy the machine was with something else.

import { cpuOfMachine, cpuOfTree } from '../measure/cpu.js'

export class OthersMeter {
  readonly #pids: readonly number[]
  readonly #beganAt = performance.now()
  readonly #before: number | undefined

  /** @param pids the processes that belong to the measurement */
  constructor(pids: readonly number[]) {
    this.#pids = pids
    this.#before = this.#look()
  }

  /** → processors, on average since the beginning. */
  stop(): number | undefined {
    const after = this.#look()
    if (after === undefined || this.#before === undefined) return
    const micros = (performance.now() - this.#beganAt) * 1000
    return Math.max(0, after - this.#before) / micros
  }

  #look(): number | undefined {
    const machine = cpuOfMachine()
    if (machine === undefined) return
    return this.#pids.reduce((rest, pid) => rest - (cpuOfTree(pid) ?? 0), machine)
  }
}
