// Where one case plays: a cluster of its own, processes and layers on it, names nobody else uses.

import { ChannelLayer, type LayerOptions } from '@chan/core'
import type { ChannelBackend } from '@chan/core/backend'
import type { Matchers, Runner } from '../runner.js'
import { Faulty } from './faulty.js'
import type { BackendHarness, Cluster } from './harness.js'
import { Process } from './process.js'

/** An error that a layer of the scene reported. */
export interface Reported {
  readonly error: unknown
  readonly operation: string
  readonly channel: string | undefined
}

export class Scene {
  readonly expect: (actual: unknown) => Matchers
  readonly rounds: number
  /** What `onError` of the scene's layers heard. */
  readonly reported: Reported[] = []
  readonly #cluster: Cluster
  readonly #processes: Process[] = []
  readonly #layers = new Map<ChannelLayer, ChannelBackend>()
  readonly #suffix = Math.random().toString(36).slice(2, 10)

  constructor(runner: Runner, harness: BackendHarness, cluster: Cluster) {
    this.expect = runner.expect
    this.rounds = harness.rounds ?? 1_000
    this.#cluster = cluster
  }

  // Functions rather than methods: cases take out what they need.

  /** A channel, group or user name that no other case uses. */
  readonly name = (label: string): string => `${label}:${this.#suffix}`

  /** A new process, opened. */
  readonly process = async (): Promise<Process> => {
    const process = await new Process(await this.#cluster.join()).open()
    this.#processes.push(process)
    return process
  }

  readonly pair = async (): Promise<[Process, Process]> => {
    return [await this.process(), await this.process()]
  }

  readonly processes = (count: number): Promise<Process[]> => {
    return Promise.all(Array.from({ length: count }, () => this.process()))
  }

  /** A new process with a layer on it; it connects on first use, as users' layers do. */
  readonly layer = async (options: LayerOptions = {}): Promise<ChannelLayer> => {
    const backend = await this.#cluster.join()
    return this.#layerOn(backend, backend, options)
  }

  /** Like `layer`, with the switches to make its backend fail. */
  readonly faultyLayer = async (
    options: LayerOptions = {},
  ): Promise<{ readonly layer: ChannelLayer; readonly faulty: Faulty }> => {
    const inner = await this.#cluster.join()
    const faulty = new Faulty(inner)
    return { layer: this.#layerOn(faulty.backend, inner, options), faulty }
  }

  /** Two processes with a layer each. */
  readonly layers = async (options: LayerOptions = {}): Promise<[ChannelLayer, ChannelLayer]> => {
    return [await this.layer(options), await this.layer(options)]
  }

  /** Kills a process or layer without a goodbye. */
  readonly crash = async (target: Process | ChannelLayer): Promise<void> => {
    const backend = target instanceof Process ? target.backend : this.#layers.get(target)
    if (!backend) throw new Error('crash: not of this scene')
    await this.#cluster.crash(backend)
  }

  #layerOn(backend: ChannelBackend, inner: ChannelBackend, options: LayerOptions): ChannelLayer {
    const layer = new ChannelLayer(backend, {
      onError: (error, { operation, channel }) => {
        this.reported.push({ error, operation, channel })
      },
      ...options,
    })
    this.#layers.set(layer, inner)
    return layer
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#layers.keys()].map((layer) => layer.disconnect()))
    await Promise.allSettled(this.#processes.map((process) => process.backend.close()))
    await this.#cluster.close()
  }
}

/** Runs a case in a scene of its own and clears up, whatever becomes of it. */
export async function inScene(
  runner: Runner,
  harness: BackendHarness,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const scene = new Scene(runner, harness, await harness.createCluster())
  try {
    await body(scene)
  } finally {
    await scene.close()
  }
}
