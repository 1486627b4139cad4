// A peer's address as Node writes it, so that what compares addresses needs to know one form.

/** @param bytes 4 or 16 of them; none if the peer is gone */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255
  if (isMapped && bytes[11] === 255) return `::ffff:${bytes.subarray(12).join('.')}`
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2) {
    groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16))
  }
  // The URL parser shortens the longest run of zeros.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
