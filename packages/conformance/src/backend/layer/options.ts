// Where a channel's options come from: by name, by definition, by default.

import { defineChannel, systemClock, type } from '@chan/core'
import type { Topic } from '../../cases.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'
import { refusal } from './collect.js'

const shown = async (channel: { history(): Promise<readonly { data: unknown }[]> }) =>
  (await channel.history()).map((message) => message.data)

export const options: Topic<Scene> = {
  name: 'layer: options',
  cases: [
    {
      title: 'explicit by name over definition over layer default, option by option',
      async run({ name, layer, expect }) {
        const one = await layer({ defaultHistorySize: 5 })
        const [plain, defined, named] = ['x', 'room:a', 'room:b'].map(name) as [
          string,
          string,
          string,
        ]
        one.define('room:*', { maxHistory: 3, authFn: () => false })
        one.channel(named, { maxHistory: 1 })
        for (const channel of [plain, defined, named]) {
          for (const n of upTo(8)) await one.channel(channel).publish(n)
        }
        expect(await shown(one.channel(plain))).toEqual(upTo(8, 4))
        expect(await shown(one.channel(defined))).toEqual(upTo(8, 6))
        expect(await shown(one.channel(named))).toEqual([8])
        // The name said nothing about authFn, so the definition's counts.
        expect(await refusal(() => one.channel(named).subscribe(() => {}))).toBe(
          'permission-denied',
        )
        expect(await refusal(() => one.channel(plain).subscribe(() => {}))).toBe(null)
      },
    },
    {
      title: 'a later call that names an option replaces it, one that does not leaves it',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('chat'), { authFn: () => false, maxHistory: 2 })
        for (const n of upTo(4)) await chat.publish(n)
        const denied = () => refusal(() => one.channel(name('chat')).subscribe(() => {}))
        expect(await denied()).toBe('permission-denied')
        one.channel(name('chat'), {})
        one.channel(name('chat'), { maxHistory: 1, authFn: undefined })
        expect(await denied()).toBe('permission-denied')
        expect(await shown(chat)).toEqual([4])
        one.channel(name('chat'), { authFn: () => true })
        expect(await denied()).toBe(null)
        expect(await shown(chat)).toEqual([4])
      },
    },
    {
      title: 'a definition made after the channel was taken counts as well',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel(name('room:late'))
        await chat.publish(1)
        one.define('room:*', { authFn: () => false })
        expect(await refusal(() => chat.subscribe(() => {}))).toBe('permission-denied')
      },
    },
    {
      title:
        'the most specific pattern counts: literal, then {name}, then *; equal ones are refused',
      async run({ layer, name, expect }) {
        const one = await layer()
        const id = name('').slice(1)
        const allow = (who: string) => ({
          authFn: (_: string, user: string | null) => user === who,
        })
        one.define(`${id}:*`, allow('star'))
        one.define(`${id}:{room}`, allow('segment'))
        one.define(`${id}:lobby`, allow('literal'))
        one.define(`${id}:{room}:log`, allow('log'))
        const who = async (channel: string) => {
          for (const user of ['star', 'segment', 'literal', 'log']) {
            const denied = await refusal(() =>
              one.channel(channel).subscribe(() => {}, { userId: user }),
            )
            if (denied === null) return user
          }
          return null
        }
        expect(await who(`${id}:lobby`)).toBe('literal')
        expect(await who(`${id}:kitchen`)).toBe('segment')
        expect(await who(`${id}:kitchen:log`)).toBe('log')
        expect(await who(`${id}:kitchen:cellar:deep`)).toBe('star')
        expect(await refusal(() => one.define(`${id}:{other}`))).toBe('invalid-option')
      },
    },
    {
      title: 'definitions shared with a browser: names from parameters, options from the server',
      async run({ layer, name, expect }) {
        const one = await layer()
        const id = name('').slice(1)
        const chat = defineChannel(`${id}:{room}`, { message: type<{ text: string }>() })
        one.define(chat, { maxHistory: 1 })
        const room = one.channel(chat({ room: 'général 1' }))
        expect(room.name).toBe(`${id}:général 1`)
        await room.publish({ text: 'a' })
        await room.publish({ text: 'b' })
        expect((await room.history()).map((message) => message.data.text)).toEqual(['b'])
        expect(one.channel(`${id}:général 1`) === (room as unknown)).toBe(true)
        expect(await refusal(() => chat({ room: 'a:b' }))).toBe('invalid-channel-name')
        expect(await refusal(() => chat({ room: '' }))).toBe('invalid-channel-name')
        await one.group(name('g')).add(chat({ room: 'x' }))
        expect([...(await one.group(name('g')).members())]).toEqual([`${id}:x`])
      },
    },
    {
      title: 'historyTtlMs hides what is older, and survives a call without it',
      async run({ name, layer, expect }) {
        const clock = { ahead: 0 }
        const now = () => Date.now() + clock.ahead
        const one = await layer({ clock: { ...systemClock, now } })
        const chat = one.channel(name('chat'), { historyTtlMs: 3_600_000 })
        clock.ahead = -7_200_000
        await chat.publish('two hours ago')
        clock.ahead = 0
        await chat.publish('now')
        expect(await shown(chat)).toEqual(['now'])
        one.channel(name('chat'), { maxHistory: 50 })
        expect(await shown(chat)).toEqual(['now'])
      },
    },
    {
      title: 'above 10,000 names with options onError says so once; every one still counts',
      async run({ name, layer, reported, expect }) {
        const one = await layer()
        for (const n of upTo(10_050)) one.channel(name(`chat-${n}`), { authFn: () => false })
        const codes = reported.map(({ error }) => (error as { code?: string }).code)
        expect(codes).toEqual(['limit-reached'])
        for (const n of [1, 10_000, 10_050]) {
          const chat = one.channel(name(`chat-${n}`))
          expect(await refusal(() => chat.subscribe(() => {}))).toBe('permission-denied')
        }
      },
    },
    {
      title: 'wrong options are refused where they are given',
      async run({ name, layer, expect }) {
        const one = await layer()
        const wrong: readonly unknown[] = [
          { maxHistory: -1 },
          { historyTtlMs: 0 },
          { historyTtlMs: -5 },
          { ephemeral: 'yes' },
          { authFn: true },
          { schema: {} },
        ]
        for (const options of wrong) {
          const code = await refusal(() => one.channel(name('chat'), options as never))
          expect([options, code]).toEqual([options, 'invalid-option'])
        }
        expect(await refusal(() => one.channel(name('chat')).subscribe(() => {}))).toBe(null)
      },
    },
  ],
}
