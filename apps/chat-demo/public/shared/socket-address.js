// Where the sockets are: on the page's own host, or on a port of their own. The server knows.

const ANSWER_MS = 10_000

/**
 * The address of a socket. Rejects when the server does not answer.
 * @param {string} path path and query
 * @returns {Promise<URL>}
 */
export async function socketAddress(path) {
  const response = await fetch('/config', { signal: AbortSignal.timeout(ANSWER_MS) })
  if (!response.ok) throw new Error(`/config answered ${response.status}`)
  /** @type {{ socketUrl: string | null }} */
  const { socketUrl } = await response.json()
  const url = new URL(path, socketUrl ?? location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  return url
}
