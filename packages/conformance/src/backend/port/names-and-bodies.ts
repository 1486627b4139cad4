// B9: names and bodies are opaque. What goes in comes out, whatever it looks like.

import type { Topic } from '../../cases.js'
import { atMost, DEFAULT_LIMITS, EVERYTHING, entry } from '../entry.js'
import type { Scene } from '../scene.js'

/** JSON texts that a backend which parses, escapes or measures would change or refuse. */
const bodies: Readonly<Record<string, string>> = {
  'spaces that JSON.stringify would not write': '{ "a" : [ 1 , 2 ] }',
  'numbers beyond double precision': '[12345678901234567890, 1e400, 0.10, -0]',
  'a key twice': '{"a":1,"a":2}',
  'keys of prototypes': '{"__proto__":{"polluted":true},"constructor":1}',
  'an escaped NUL and a lone surrogate': '"\\u0000 \\ud800"',
  'line separators': '"\u2028\u2029\u0085"',
  'quotes, backslashes, dollars and percent signs': JSON.stringify(`'";\\ $$ $1 %s %%`),
  'four-byte characters': JSON.stringify('👩‍👩‍👧'.repeat(50)),
  null: 'null',
  'an empty string': '""',
}

const names = [
  'with spaces and :colons:*',
  `quotes " ' \` and \\ backslashes`,
  "'); drop table messages; --",
  '__proto__',
  'constructor',
  'ключ/鍵/🔑',
]

export const namesAndBodies: Topic<Scene> = {
  name: 'names and bodies',
  cases: [
    ...Object.entries(bodies).map(([what, body]) => ({
      title: `B9 a body is stored and delivered as it is: ${what}`,
      async run({ name, pair, expect }: Scene) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const follower = await reader.follow(channel)
        const stored = await writer.append(channel, null, { body })
        await follower.count(1)
        const { messages } = await reader.backend.read(
          channel,
          { epoch: '', offset: 0 },
          atMost(10),
        )
        const shown = await reader.backend.history(channel, {}, DEFAULT_LIMITS, EVERYTHING)
        const seen = [stored, ...follower.messages, ...messages, ...shown.messages]
        expect(seen.map((message) => message.body)).toEqual([body, body, body, body])
      },
    })),
    {
      title: 'B9 a body of 1 MiB arrives whole, also between small ones',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const room = Math.min(1_048_576, writer.backend.facts.maxMessageBytes)
        const large = 'é'.repeat(Math.floor((room - 2) / 2))
        const follower = await reader.follow(channel)
        const data = ['before', large, 'after', large, 'end']
        await Promise.all(data.map((text) => writer.append(channel, text)))
        await follower.count(data.length)
        expect(follower.data.map((text) => (text as string).length)).toEqual(
          data.map((text) => text.length),
        )
        expect(follower.data[1] === large && follower.data[3] === large).toBe(true)
      },
    },
    {
      title: 'B9 sizes around 8,000 bytes arrive whole, of one-byte and of multi-byte characters',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const follower = await reader.follow(channel)
        const sizes = [1, 7_900, 7_990, 7_997, 7_998, 7_999, 8_000, 8_001, 8_192, 16_000]
        const data = sizes.flatMap((size) => [
          'x'.repeat(size),
          'ü'.repeat(size / 2),
          '€'.repeat(size / 3),
        ])
        for (const text of data) await writer.append(channel, text)
        await follower.count(data.length)
        expect(follower.data).toEqual(data)
      },
    },
    {
      title: 'B9 any valid channel name works, up to 255 bytes',
      async run({ name, pair, expect }) {
        const [writer, reader] = await pair()
        const suffix = name('')
        const longest = 'n'.repeat(255 - suffix.length) + suffix
        for (const channel of [...names.map(name), longest, `${'é'.repeat(100)}${suffix}`]) {
          const follower = await reader.follow(channel)
          await writer.backend.append(channel, entry('hello'), DEFAULT_LIMITS)
          await follower.count(1)
          expect(follower.messages[0]?.channel).toBe(channel)
          expect(await reader.history(channel)).toEqual(['hello'])
          await writer.put(channel, '__proto__', 'hold')
          expect(await reader.userIds(channel)).toEqual(['__proto__'])
        }
      },
    },
    {
      title: 'B9 identical messages sent at once stay apart',
      async run({ name, pair, expect }) {
        const channel = name('chat')
        const [writer, reader] = await pair()
        const follower = await reader.follow(channel)
        const twenty = Array.from({ length: 20 }, () =>
          writer.append(channel, 'same', { timestamp: 1 }),
        )
        await Promise.all(twenty)
        await follower.count(20)
        expect(follower.messages.length).toBe(20)
      },
    },
  ],
}
