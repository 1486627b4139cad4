// A WebSocket frame as a client sends it, and the request that comes before.

export const Opcode = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const

const FINAL = 0x80
const MASKED = 0x80
/** Any key will do; a server unmasks all alike. */
const KEY = Uint8Array.of(0x5a, 0x0f, 0xc3, 0x99)

/** @param payload up to 65,535 bytes */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const head = length < 126 ? 2 : 4
  const frame = Buffer.allocUnsafe(head + KEY.length + length)
  frame[0] = FINAL | opcode
  frame[1] = MASKED | (head === 2 ? length : 126)
  if (head === 4) frame.writeUInt16BE(length, 2)
  frame.set(KEY, head)
  const begin = head + KEY.length
  for (let at = 0; at < length; at++) {
    frame[begin + at] = (payload[at] as number) ^ (KEY[at & 3] as number)
  }
  return frame
}

export function textFrame(text: string): Buffer {
  return clientFrame(Opcode.text, Buffer.from(text))
}

/** The accept key of the answer is not checked: these servers are ours. */
export function upgradeRequest(path: string, port: number): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n')
}
