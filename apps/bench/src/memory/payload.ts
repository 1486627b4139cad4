// What is published: about a hundred bytes of JSON.

export interface Payload {
  readonly user: string
  readonly text: string
  readonly n: number
}

export function payload(n: number): Payload {
  return { user: 'alice', text: 'the quick brown fox jumps over the lazy dog and back again', n }
}
