// What a test and its worker process say to each other.

export type ToWorker = { readonly call: number; readonly method: string; readonly args: unknown[] }

export type FromWorker =
  | { readonly ready: true }
  | { readonly failed: PlainError }
  | { readonly answer: number; readonly result: unknown }
  | { readonly answer: number; readonly error: PlainError }
  | { readonly event: string; readonly values: unknown[] }

/** An error as data: structured cloning would lose the class, the code and the hint. */
export interface PlainError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Its own properties: code, hint, retryable, details … */
  readonly fields: Readonly<Record<string, unknown>>
}

export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: String(error), stack: undefined, fields: {} }
  }
  const fields = Object.fromEntries(Object.entries(error).filter(([, value]) => isPlain(value)))
  return { name: error.name, message: error.message, stack: error.stack, fields }
}

export function fromPlain({ name, message, stack, fields }: PlainError): Error {
  const error = Object.assign(new Error(message), fields)
  Object.defineProperty(error, 'name', { value: name, enumerable: false })
  if (stack) error.stack = stack
  return error
}

/** Something that survives the journey; a cause or a socket would not. */
function isPlain(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
