// The messages of the load: of every size that matters, each told by who sent it and its number, so
// that whoever receives one can say what it must look like.

/** What travels. */
export interface Body {
  /** Negative for a mark, see `Load.mark`. */
  readonly seq: number
  readonly text: string
}

/** Bytes of the JSON text: inside a doorbell, on both sides of NOTIFY's limit, far above it. */
const SIZES = [
  100, 100, 5_000, 100, 100, 7_999, 100, 100, 8_000, 100, 100, 8_001, 5_000, 100, 50_000, 100, 100,
]

/** One to four bytes in UTF-8, one of them two characters in JavaScript. */
const LETTERS = ['a', 'é', '漢', '😀']

/** The message of this number; every second round of sizes is in multi-byte text. */
export function bodyOf(seq: number): Body {
  if (seq < 0) return { seq, text: '' }
  const round = Math.floor(seq / SIZES.length)
  const bytes = SIZES[seq % SIZES.length] as number
  const room = bytes - JSON.stringify({ seq, text: '' }).length
  return { seq, text: round % 2 === 0 ? asciiText(room, seq) : multiByteText(room, seq) }
}

/** Whether this is what `bodyOf` gave, to the letter. */
export function isIntact(data: Body): boolean {
  const { text } = bodyOf(data.seq)
  return data.text === text && Object.keys(data).length === 2
}

function asciiText(bytes: number, seq: number): string {
  const piece = `${seq} `
  return piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes)
}

function multiByteText(bytes: number, seq: number): string {
  // Ten bytes, beginning with another letter each time; what is left over is ASCII.
  const piece = LETTERS.map((_, index) => LETTERS[(seq + index) % LETTERS.length]).join('')
  return piece.repeat(Math.floor(bytes / 10)) + asciiText(bytes % 10, seq)
}
