// The form beside the inbox: posts to the server's REST endpoints and says what came of it.

/**
 * @param {HTMLFormElement} form
 * @param {HTMLElement} result
 * @param {string} me the first receiver suggested
 */
export function prepareForm(form, result, me) {
  const to = /** @type {HTMLInputElement} */ (form.elements.namedItem('to'))
  const label = /** @type {HTMLElement} */ (to.closest('label'))
  to.value = me

  form.addEventListener('change', () => {
    const toAll = new FormData(form).get('audience') === 'all'
    label.hidden = toAll
    to.disabled = toAll
  })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const fields = new FormData(form)
    const one = fields.get('audience') === 'one' ? String(fields.get('to')) : null
    const body = { title: fields.get('title'), text: fields.get('text') }
    const failure = await post(
      one === null ? '/announce' : `/notify/${encodeURIComponent(one)}`,
      body,
    )
    result.classList.toggle('bad', failure !== null)
    result.textContent = failure ?? (one === null ? 'Announced.' : `Sent to ${one}.`)
    if (failure !== null) return
    for (const name of ['title', 'text']) {
      const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
      field.value = ''
    }
  })
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<string | null>} what went wrong, for people
 */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (response.ok) return null
    const answer = await response.json()
    return answer.error.message
  } catch {
    return 'The server cannot be reached.'
  }
}
