// What all REST endpoints share: bodies are checked JSON, and errors are JSON too.

import { isChanError } from '@chan/core'
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { z } from 'zod'
import { complaints } from './complaints.js'
import { isName } from './names.js'

const MAX_BODY_BYTES = 16 * 1024

const codes = {
  400: 'invalid-request',
  404: 'not-found',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  500: 'internal',
  503: 'unavailable',
} as const

type Status = keyof typeof codes

/**
 * The request's body, checked.
 * @throws {HTTPException} 415 unless it says that it is JSON (so that a form on another site cannot
 * send it), 400 if it is not, or not what the schema asks for
 */
export async function readBody<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') fail(415, 'Send JSON, with content-type: application/json.')
  const value = await c.req.json().catch((error: unknown) => {
    if (error instanceof SyntaxError) return fail(400, 'The body is not valid JSON.')
    throw error
  })
  const result = schema.safeParse(value)
  return result.success ? result.data : fail(400, complaints(result.error))
}

/**
 * The path's parameter, which must be the name of a user or a room.
 * @throws {HTTPException} 400
 */
export function readName(c: Context, parameter: string): string {
  const value = c.req.param(parameter) ?? ''
  return isName(value) ? value : fail(400, `${parameter} must be a name of 1–40 characters.`)
}

/** Limits bodies, and answers every failure as `{ error: { code, message } }`. */
export function jsonErrors(app: Hono): void {
  const answer = (c: Context, status: Status, message: string) =>
    c.json({ error: { code: codes[status], message } }, status)

  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => answer(c, 413, `The body may have ${MAX_BODY_BYTES} bytes.`),
    }),
  )
  app.notFound((c) => answer(c, 404, `There is nothing at ${c.req.method} ${c.req.path}.`))
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status in codes) {
      return answer(c, error.status as Status, error.message)
    }
    if (isChanError(error)) return answer(c, error.retryable ? 503 : 400, error.message)
    console.error(error)
    return answer(c, 500, 'Something went wrong on the server.')
  })
}

function fail(status: Status, message: string): never {
  throw new HTTPException(status, { message })
}
