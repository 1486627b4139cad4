// A small line chart in SVG. The newest value is at the right edge; the scale fits what is shown.

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 300
const HEIGHT = 70
const SLOTS = 60

export function createChart() {
  const element = shape('svg', '')
  element.setAttribute('class', 'chart')
  element.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
  element.setAttribute('preserveAspectRatio', 'none')
  element.setAttribute('role', 'img')
  const floor = shape('line', 'floor')
  floor.setAttribute('x2', String(WIDTH))
  floor.setAttribute('y1', String(HEIGHT))
  floor.setAttribute('y2', String(HEIGHT))
  const area = shape('polygon', 'area')
  const line = shape('polyline', 'line')
  element.append(floor, area, line)

  return {
    element,
    /** @param {readonly number[]} values oldest first, at most sixty */
    draw(values) {
      const points = place(values)
      const text = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
      line.setAttribute('points', text)
      const left = points[0]?.[0] ?? WIDTH
      area.setAttribute('points', `${left},${HEIGHT} ${text} ${WIDTH},${HEIGHT}`)
    },
  }
}

/**
 * From zero where the values come near it; otherwise around them, so that a large and steady number
 * still shows its movement.
 * @param {readonly number[]} values
 * @returns {(readonly [x: number, y: number])[]}
 */
function place(values) {
  const high = Math.max(...values)
  const low = Math.min(...values)
  const base = low < high / 2 ? 0 : low - (high - low) * 0.5 - Math.abs(low) * 0.02
  const range = high - base || 1
  return values.map((value, index) => [
    WIDTH - ((values.length - 1 - index) * WIDTH) / (SLOTS - 1),
    HEIGHT - ((value - base) / range) * (HEIGHT - 6),
  ])
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @returns {SVGElementTagNameMap[T]}
 */
function shape(tag, className) {
  const element = document.createElementNS(SVG, tag)
  if (className !== '') element.setAttribute('class', className)
  return element
}
