// The scene that faults happen in: processes that publish under load, processes that listen, and at
// the end the verdict about all that was said and heard.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { startWorker, type Worker, waitFor } from '@chan/testkit'
import type { ConnectionState, LayerStats, PgLayerOptions, Position } from '../../../src/index.js'
import type { Heard } from './ears.js'
import { PATIENCE_MS } from './form.js'
import { type Hearing, judge } from './judge.js'
import type { Attempt } from './load.js'
import type { MemberOptions } from './member.js'

export interface SceneOptions {
  readonly databaseUrl: string
  readonly layer?: Partial<PgLayerOptions>
  /** Messages a second, of both publishers together. Default 500. */
  readonly perSecond?: number
}

/** What one member says at the end. */
export interface MemberRecord {
  readonly name: string
  readonly attempts: readonly Attempt[]
  readonly heard: ReadonlyMap<string, readonly Heard[]>
  readonly damaged: readonly string[]
  readonly slowestMs: number
  readonly latenessMs: number
  readonly reported: readonly string[]
  readonly statuses: readonly ConnectionState[]
  readonly stats: LayerStats
}

export interface Verdict {
  /** Everything that is not as promised; empty is good. */
  readonly complaints: readonly string[]
  readonly members: readonly MemberRecord[]
  readonly attempts: readonly Attempt[]
  /** Where the last message of each channel is. */
  readonly marks: readonly Mark[]
  /** How many publishes were rejected with each code. */
  readonly rejected: Readonly<Record<string, number>>
}

type Mark = readonly [channel: string, place: Position]

/** By what history shows, and names that are no identifiers. */
export const CHANNELS = [
  'plain',
  'few',
  'none',
  `longer than an identifier of PostgreSQL ${'n'.repeat(180)}`,
  `quoted "'; drop schema chan cascade; --`,
  'ключ/鍵/🔑',
]
const HISTORIES = { few: 5, none: 0 }
/** What `onError` may hear of while the database is away. */
const PASSING = ['unavailable', 'outcome-unknown']
const NAMES = ['p0', 'p1', 's0']

/** A process with a layer that is connected; whoever starts it ends it. */
export function startMember(options: MemberOptions): Promise<Worker> {
  return startWorker(new URL('./member.ts', import.meta.url), { args: [JSON.stringify(options)] })
}

/** All or none. */
export async function startMembers(options: readonly MemberOptions[]): Promise<Worker[]> {
  const started = await Promise.allSettled(options.map(startMember))
  const members = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = started.find((one) => one.status === 'rejected')
  if (!failed) return members
  await endMembers(members)
  throw failed.reason
}

export async function endMembers(members: readonly Worker[]): Promise<void> {
  await Promise.all(members.map((member) => member.kill()))
}

/** Two processes that publish and listen, one that only listens. */
export class Scene {
  readonly url: string
  readonly publishers: readonly Worker[]
  readonly members: readonly Worker[]
  readonly #perSecond: number

  private constructor(members: readonly Worker[], { databaseUrl, perSecond = 500 }: SceneOptions) {
    this.url = databaseUrl
    this.members = members
    this.publishers = members.slice(0, 2)
    this.#perSecond = perSecond
  }

  /** Resolves when everybody hears everything. */
  static async open(options: SceneOptions): Promise<Scene> {
    const layer = {
      defaultHistorySize: 100_000,
      ...options.layer,
      databaseUrl: options.databaseUrl,
    }
    const members = await startMembers(NAMES.map((name) => ({ name, layer, histories: HISTORIES })))
    await Promise.all(members.map((member) => member.call('listen', CHANNELS)))
    return new Scene(members, options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return endMembers(this.members)
  }

  /** Begins the load. The first publisher tries again, under ids, what was rejected. */
  async start(): Promise<void> {
    const perSecond = this.#perSecond / this.publishers.length
    await Promise.all(
      this.publishers.map((publisher, index) =>
        publisher.call('start', { channels: CHANNELS, perSecond, retry: index === 0 }),
      ),
    )
    await this.#waitForMembers('the load to begin', ({ heardIn }) => heardIn === CHANNELS.length)
  }

  /** Resolves when everybody has published and heard more than before. */
  async goOn(): Promise<void> {
    const before = await Promise.all(
      this.members.map((member) => member.call<Progress>('progress')),
    )
    await this.#waitForMembers('the load to go on', ({ settled, heard }, index) => {
      const { settled: settledBefore, heard: heardBefore } = before[index] as Progress
      return heard > heardBefore && (index > 1 || settled > settledBefore)
    })
  }

  /** Does something again and again for so long. */
  async repeat(forMs: number, everyMs: number, fault: () => Promise<unknown>): Promise<void> {
    const end = performance.now() + forMs
    while (performance.now() < end) {
      await fault()
      await sleep(everyMs)
    }
  }

  /** Ends the load, waits until everybody heard the last of it, and judges. */
  async finish({ mayReset = false } = {}): Promise<Verdict> {
    await this.goOn()
    await Promise.all(this.publishers.map((publisher) => publisher.call('stop', true)))
    const marks = (
      await Promise.all(this.publishers.map((publisher) => publisher.call<Mark[]>('mark')))
    ).flat()
    await Promise.all(
      this.members.map((member) =>
        waitFor(() => member.call<boolean>('hasReached', marks), {
          deadlineMs: PATIENCE_MS,
          intervalMs: 50,
          label: 'the end of the load to be heard',
        }),
      ),
    )
    const members = await Promise.all(
      this.members.map(async (member, index) => {
        const record = await member.call<Omit<MemberRecord, 'name'>>('record')
        return { name: NAMES[index] as string, ...record }
      }),
    )
    const attempts = members.flatMap((member) => member.attempts)
    const complaints = [
      ...judge(attempts, members.map(toHearing), mayReset),
      ...(mayReset ? [] : await this.#judgeHistory(members)),
      ...members.flatMap(({ name, damaged }) => damaged.map((at) => `${name}: ${at} is damaged`)),
      ...members.flatMap(({ name, reported }) =>
        reported
          .filter((code) => !PASSING.includes(code))
          .map((code) => `${name} heard of ${code}`),
      ),
      ...this.members.flatMap(({ output }) => (output === '' ? [] : [`output: ${output}`])),
    ]
    return {
      complaints: complaints.slice(0, 20),
      members,
      attempts,
      marks,
      rejected: countCodes(attempts),
    }
  }

  async #waitForMembers(
    label: string,
    isFine: (progress: Progress, index: number) => boolean,
  ): Promise<void> {
    await Promise.all(
      this.members.map((member, index) =>
        waitFor(async () => isFine(await member.call<Progress>('progress'), index), {
          deadlineMs: PATIENCE_MS,
          intervalMs: 20,
          label,
        }),
      ),
    )
  }

  /** History shows what was delivered, the most recent of it. */
  async #judgeHistory(records: readonly MemberRecord[]): Promise<string[]> {
    const [asked] = this.members.slice(-1) as [Worker]
    const { heard } = records.at(-1) as MemberRecord
    const limits: Readonly<Record<string, number>> = HISTORIES
    const answers = CHANNELS.map(async (channel) => {
      const shown = await asked.call<Heard[]>('history', channel)
      const delivered = heard.get(channel) ?? []
      const expected = delivered.slice(
        Math.max(0, delivered.length - (limits[channel] ?? Infinity)),
      )
      return isDeepStrictEqual(shown, expected)
        ? []
        : [`history of ${channel.slice(0, 20)} differs`]
    })
    return (await Promise.all(answers)).flat()
  }
}

interface Progress {
  readonly settled: number
  readonly heard: number
  /** In how many channels it has heard anything. */
  readonly heardIn: number
}

function toHearing({ name, heard }: MemberRecord): Hearing {
  return { member: name, heard }
}

function countCodes(attempts: readonly Attempt[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const code of attempts.flatMap(({ codes }) => codes)) counts[code] = (counts[code] ?? 0) + 1
  return counts
}
