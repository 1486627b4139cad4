// A CPU profile of this process while it is measured, and where the time of one went.
import { mkdirSync, writeFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector'
import { join } from 'node:path'

export class Profile {
  readonly #session = new Session()

  private constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.start')
  }

  static start(): Profile {
    return new Profile()
  }

  /** Writes `<name>.cpuprofile`, which Chrome's developer tools open; → its hottest functions. */
  stop(folder: string, name: string): Promise<HotSpot[]> {
    return new Promise((resolve, reject) => {
      this.#session.post('Profiler.stop', (error, result) => {
        this.#session.disconnect()
        if (error) return reject(error)
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, `${name}.cpuprofile`), JSON.stringify(result.profile))
        resolve(hotSpotsOf(result.profile))
      })
    })
  }
}

/** Time spent in a function itself, not in what it called. */
export interface HotSpot {
  readonly where: string
  readonly share: number
}

const SHOWN = 15

function hotSpotsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): HotSpot[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const micros = new Map<string, number>()
  let total = 0
  samples.forEach((id, index) => {
    const name = names.get(id) ?? '?'
    const spent = timeDeltas[index] ?? 0
    if (name === '(idle)') return
    total += spent
    micros.set(name, (micros.get(name) ?? 0) + spent)
  })
  return [...micros]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([where, spent]) => ({ where, share: spent / total }))
}

export function describeHotSpots(spots: readonly HotSpot[]): string {
  const lines = spots.map(
    ({ share, where }) => `${(share * 100).toFixed(1).padStart(8)} %  ${where}`,
  )
  return ['hottest functions:', ...lines].join('\n')
}

function nameOf({ functionName, url, lineNumber }: Profiler.Profile['nodes'][0]['callFrame']) {
  const file = url.split('/').slice(-2).join('/')
  return `${functionName || '(anonymous)'}${file ? ` ${file}:${lineNumber + 1}` : ''}`
}
