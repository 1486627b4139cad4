// What a benchmark and a suite of them are, and how the chosen ones are run.

export type Cell = string | number | undefined

/** One line of a table: what was measured, by the names of the columns, units included. */
export type Row = Readonly<Record<string, Cell>>

/** A number that somebody promised. */
export interface Target {
  readonly what: string
  readonly measured: number
  readonly wanted: string
  readonly met: boolean
}

export interface Findings {
  readonly rows: readonly Row[]
  readonly targets?: readonly Target[]
  readonly notes?: readonly string[]
}

export interface Bench<C> {
  readonly name: string
  readonly title: string
  /** Left out unless it is named or `--full` is given. */
  readonly long?: boolean
  run(context: C): Promise<Findings>
}

export interface Choice {
  /** None: all of them. */
  readonly names: readonly string[]
  readonly full: boolean
  readonly databaseUrl: string | undefined
  readonly profileFolder: string
  tell(text: string): void
}

export interface BenchReport extends Findings {
  readonly name: string
  readonly title: string
  readonly seconds: number
  /** Why there is nothing of it. */
  readonly failed?: string
}

export interface SuiteReport {
  readonly suite: string
  readonly facts: Row
  readonly benches: readonly BenchReport[]
}

export interface Suite {
  readonly name: string
  readonly title: string
  readonly benches: readonly Pick<Bench<never>, 'name' | 'title' | 'long'>[]
  run(choice: Choice, listener: Listener): Promise<SuiteReport>
}

/** Hears of a suite's run as it goes on. */
export interface Listener {
  opened(facts: Row): void
  done(report: BenchReport): void
}

/** What all benchmarks of a suite stand on, from beginning to end. */
export interface Ground<C> extends AsyncDisposable {
  readonly context: C
  readonly facts: Row
}

export function defineSuite<C>(
  name: string,
  title: string,
  benches: readonly Bench<C>[],
  open: (choice: Choice) => Promise<Ground<C>>,
): Suite {
  return {
    name,
    title,
    benches,
    async run(choice, { opened, done }) {
      await using ground = await open(choice)
      opened(ground.facts)
      const reports: BenchReport[] = []
      for (const bench of benches.filter((one) => isChosen(one, choice))) {
        choice.tell(`${bench.name}: ${bench.title}`)
        const report = await runBench(bench, ground.context)
        reports.push(report)
        done(report)
      }
      return { suite: name, facts: ground.facts, benches: reports }
    },
  }
}

/** → the target, met where the number is at least this. */
export function atLeast(what: string, measured: number, least: number, unit = ''): Target {
  const wanted = `≥ ${least.toLocaleString('en')}${unit}`
  return { what, measured, wanted, met: measured >= least }
}

/** → the target, met where the number is at most this. */
export function atMost(what: string, measured: number, most: number, unit = ''): Target {
  const wanted = `≤ ${most.toLocaleString('en', { maximumFractionDigits: 2 })}${unit}`
  return { what, measured, wanted, met: measured <= most }
}

function isChosen(bench: Pick<Bench<never>, 'name' | 'long'>, { names, full }: Choice): boolean {
  return names.length > 0 ? names.includes(bench.name) : full || !bench.long
}

/** One that fails is reported, and the others run all the same. */
async function runBench<C>({ name, title, run }: Bench<C>, context: C): Promise<BenchReport> {
  const began = performance.now()
  const findings = await run(context).catch((error) => ({ rows: [], failed: String(error) }))
  return { name, title, seconds: (performance.now() - began) / 1000, ...findings }
}
