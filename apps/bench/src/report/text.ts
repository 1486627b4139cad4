// The report as a person reads it.

import type { BenchReport, Cell, Row, SuiteReport, Target } from '../bench.js'

export function describeBench({ name, title, rows, targets, notes, failed, seconds }: BenchReport) {
  const lines = [
    '',
    `${name}: ${title} (${seconds.toFixed(0)} s)`,
    ...(failed === undefined ? [] : [`  failed: ${failed}`]),
    ...indent(table(rows)),
    ...(targets ?? []).map((target) => `  ${describeTarget(target)}`),
    ...(notes ?? []).map((note) => `  note: ${note}`),
  ]
  return lines.join('\n')
}

export function describeFacts(facts: Row): string {
  const width = Math.max(...Object.keys(facts).map((key) => key.length))
  return Object.entries(facts)
    .map(([key, value]) => `${key.padEnd(width)}  ${format(value)}`)
    .join('\n')
}

/** What was promised, in one place, at the end. */
export function describeTargets({ benches }: SuiteReport): string {
  const rows = benches.flatMap(({ name, targets = [] }) =>
    targets.map(({ what, measured, wanted, met }) => ({
      bench: name,
      target: what,
      measured,
      wanted,
      verdict: met ? 'met' : 'MISSED',
    })),
  )
  return table(rows).join('\n')
}

/** Numbers to the right, text to the left. */
export function table(rows: readonly Row[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = rows.map((row) => columns.map((column) => format(row[column])))
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...cells.map((line) => line[at]?.length ?? 0)),
  )
  const isNumber = columns.map((column) => rows.every((row) => typeof row[column] !== 'string'))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, at) =>
        isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return rows.length === 0 ? [] : [line(columns), ...cells.map(line)]
}

function describeTarget({ what, measured, wanted, met }: Target): string {
  return `${met ? 'met   ' : 'MISSED'}  ${what}: ${format(measured)} (wanted ${wanted})`
}

/** Three digits say enough. */
function format(value: Cell): string {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    return value.toLocaleString('en', { maximumFractionDigits: 0 })
  }
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
