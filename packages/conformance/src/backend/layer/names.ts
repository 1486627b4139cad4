// Names of channels, groups and users.

import type { Topic } from '../../cases.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

const bad: readonly (readonly [string, unknown])[] = [
  ['empty', ''],
  ['a lone surrogate', 'a\ud800b'],
  ['NUL', 'a\u0000'],
  ['a line break', 'a\nb'],
  ['DEL', 'a\u007f'],
  ['a C1 control character', 'a\u0085'],
  ['256 bytes', 'x'.repeat(256)],
  ['256 bytes in 128 characters', 'é'.repeat(128)],
  ['not a string', 5],
  ['null', null],
  ['undefined', undefined],
]

export const names: Topic<Scene> = {
  name: 'layer: names',
  cases: [
    {
      title: 'any other name works: unicode, spaces, colons, stars, quotes, 255 bytes, __proto__',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const suffix = name('')
        const good = [
          'a b',
          'a:b:*',
          '*',
          '{x}',
          '"\'`\\',
          'naïve 🔑',
          '__proto__',
          'constructor',
          '%s',
        ]
        const longest = 'n'.repeat(255 - suffix.length)
        for (const label of [...good, longest]) {
          const channel = `${label}${suffix}`
          const seen = await collect(other.channel(channel))
          const message = await one.channel(channel).publish(1, { sender: label.slice(0, 50) })
          await seen.count(1)
          expect(message.channel).toBe(channel)
          expect(one.channel(channel).name).toBe(channel)
          await one.group(channel).add(channel)
          expect([...(await other.group(channel).members())]).toEqual([channel])
          await one.channel(channel).join(label.slice(0, 50))
          expect(await other.channel(channel).presenceCount()).toBe(1)
        }
        // Names that prototypes have are as good as any.
        for (const plain of ['__proto__', 'toString', 'hasOwnProperty']) {
          await one.channel(plain).publish(suffix)
          const last = (await other.channel(plain).history({ limit: 1 }))[0]
          expect(last?.data).toBe(suffix)
        }
      },
    },
    {
      title: 'bad names are refused at once, for channels, groups and users',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'))
        for (const [what, value] of bad) {
          const bad = value as string
          const channel = await refusal(() => one.channel(bad))
          expect([what, channel]).toEqual([what, 'invalid-channel-name'])
          const others = [
            await refusal(() => one.group(bad)),
            await refusal(() => chat.join(bad)),
            await refusal(() => chat.leave(bad)),
            await refusal(() => one.disconnectUser(bad)),
            await refusal(() => chat.revoke(bad)),
          ]
          expect([what, ...others]).toEqual([what, ...others.map(() => 'invalid-option')])
          const member = await refusal(() => one.group(name('g')).add(bad))
          expect([what, member]).toEqual([what, 'invalid-channel-name'])
        }
        expect(await chat.presenceCount()).toBe(0)
      },
    },
  ],
}
