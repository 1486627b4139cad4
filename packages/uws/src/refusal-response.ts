// S7: a refusal as a whole HTTP response.

import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { UwsResponse } from './app.js'

/** Answers and closes. Call it corked: uWS complains otherwise. */
export function respond(
  response: UwsResponse,
  { status, text }: { readonly status: number; readonly text: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Refused'}`)
  response.writeHeader('Content-Type', 'text/plain; charset=utf-8')
  for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value)
  response.end(Buffer.from(text), true)
}
