// Small things every page needs: finding its elements, making new ones, telling the time.

/**
 * The element with this id.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export function byId(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`No element with id ${id}`)
  return /** @type {E} */ (element)
}

/**
 * A new element with a class and text. Text is never parsed as HTML.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, text) {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })

/**
 * A `<time>` that shows hours and minutes and tells the full date on hover.
 * @param {Date} date
 */
export function makeTime(date) {
  const element = make('time', '', clock.format(date))
  element.dateTime = date.toISOString()
  element.title = full.format(date)
  return element
}
