// One tile: a metric's name, its newest value, its last minute as a line, lowest and highest.

import { make } from '../shared/page.js'
import { createChart } from './chart.js'

/** @typedef {import('./dashboard.js').Metrics} Metrics */

/**
 * @param {object} metric
 * @param {string} metric.title
 * @param {string} metric.unit
 * @param {number} metric.digits after the decimal point
 * @param {(sample: Metrics) => number} metric.read
 */
export function createTile({ title, unit, digits, read }) {
  const numbers = new Intl.NumberFormat(undefined, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  const element = make('section', 'card tile')
  const value = make('p', 'value', '–')
  const chart = createChart()
  const detail = make('p', 'detail', 'Waiting for the first sample…')
  element.append(make('h2', '', title), value, chart.element, detail)

  return {
    element,
    /** @param {readonly Metrics[]} samples oldest first, at least one */
    show(samples) {
      const values = samples.map(read)
      const now = numbers.format(values.at(-1) ?? 0)
      const low = numbers.format(Math.min(...values))
      const high = numbers.format(Math.max(...values))
      value.replaceChildren(now, make('small', '', unit))
      detail.replaceChildren(
        make('span', '', `low ${low}`),
        make('span', '', `high ${high}`),
        make('span', '', `last ${values.length} s`),
      )
      chart.draw(values)
      chart.element.setAttribute('aria-label', `${title}: between ${low} and ${high} ${unit}`)
    },
  }
}
