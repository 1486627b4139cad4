// How a suite is put together: cases by topic, run each in a scene of its own, or skipped by name
// with a reason.

import type { Runner } from './runner.js'

/** One test. The title opens with the clause it checks. */
export interface Case<Scene> {
  readonly title: string
  run(scene: Scene): Promise<void>
}

/** Cases about one thing. */
export interface Topic<Scene> {
  readonly name: string
  readonly cases: readonly Case<Scene>[]
}

/** Titles of cases that are left out, with the reason why. */
export type Skips = Readonly<Record<string, string>>

/**
 * Registers every case with the runner.
 * @param inScene makes the scene of one case, runs the body in it, and clears up after it
 */
export function runTopics<Scene>(
  runner: Runner,
  suite: string,
  topics: readonly Topic<Scene>[],
  skips: Skips,
  inScene: (body: (scene: Scene) => Promise<void>) => Promise<void>,
): void {
  const titles = topics.flatMap((topic) => topic.cases.map(({ title }) => title))
  runner.describe(suite, () => {
    for (const topic of topics) {
      runner.describe(topic.name, () => {
        for (const { title, run } of topic.cases) {
          const reason = Object.hasOwn(skips, title) ? skips[title] : undefined
          if (reason === undefined) runner.test(title, () => inScene(run))
          else runner.test.skip(`${title} (skipped: ${reason})`, async () => {})
        }
      })
    }
    runner.test('every title and every skip names one case', async () => {
      const unknown = Object.keys(skips).filter((title) => !titles.includes(title))
      runner.expect(unknown).toEqual([])
      runner.expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([])
    })
  })
}
