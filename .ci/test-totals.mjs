// Adds up what vitest wrote for every package that has tests, and prints one line:
// `N passed, N failed`. With --clear it removes the files of earlier runs instead.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const results = ['packages', 'apps'].flatMap(testedPackages)

if (process.argv.includes('--clear')) {
  for (const { file } of results) rmSync(file, { force: true })
} else {
  printTotals()
}

function printTotals() {
  const missing = results.filter(({ file }) => !existsSync(file))
  const found = results.filter(({ file }) => existsSync(file)).map(({ file }) => count(file))
  for (const { name } of missing) console.error(`no test results for ${name}`)
  const passed = found.reduce((sum, result) => sum + result.passed, 0)
  const failed = found.reduce((sum, result) => sum + result.failed, 0)
  if (found.length > 0) console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = missing.length > 0 || failed > 0 || passed === 0 ? 1 : 0
}

/** A file that failed outside its tests (it did not load, a hook threw) counts as one failure. */
function count(file) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: numPassedTests, failed: numFailedTests + broken.length }
}

/** What the scripts of each package write whose `test` script is vitest. */
function testedPackages(folder) {
  return readdirSync(join(root, folder)).flatMap((entry) => {
    const name = `${folder}/${entry}`
    const manifest = join(root, name, 'package.json')
    if (!existsSync(manifest)) return []
    const { scripts } = JSON.parse(readFileSync(manifest, 'utf8'))
    if (!scripts?.test?.includes('vitest')) return []
    const file = (suffix) => join(root, name, `node_modules/.cache/vitest-results${suffix}.json`)
    const faults = { name: `${name}, faults`, file: file('-faults') }
    return [{ name, file: file('') }, ...(scripts['test:faults'] ? [faults] : [])]
  })
}
