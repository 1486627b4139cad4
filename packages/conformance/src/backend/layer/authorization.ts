// authFn: who may subscribe.

import { PermissionError } from '@chan/core'
import type { Topic } from '../../cases.js'
import { turns } from '../../until.js'
import type { Scene } from '../scene.js'
import { collect, refusal } from './collect.js'

export const authorization: Topic<Scene> = {
  name: 'layer: authorization',
  cases: [
    {
      title: 'a denied user and an anonymous one get a PermissionError that says so',
      async run({ name, layer, reported, expect }) {
        const staff = (await layer()).channel(name('private:staff'), { authFn: () => false })
        const denied = (userId: string | null | undefined) =>
          staff
            .subscribe(() => {}, { userId })
            .then(
              () => null,
              (error: unknown) => error as PermissionError,
            )
        const hacker = await denied('hacker')
        expect(hacker instanceof PermissionError).toBe(true)
        expect(hacker?.code).toBe('permission-denied')
        expect(hacker?.message).toBe(`User 'hacker' not authorized for channel '${staff.name}'`)
        expect([hacker?.channel, hacker?.userId]).toEqual([staff.name, 'hacker'])
        for (const nobody of [null, undefined]) {
          const anonymous = await denied(nobody)
          expect(anonymous?.message).toBe(
            `Anonymous user not authorized for channel '${staff.name}'`,
          )
          expect(anonymous?.userId).toBe(null)
        }
        expect(staff.localSubscriberCount).toBe(0)
        expect(reported).toEqual([])
      },
    },
    {
      title: 'only true allows: truthy values, promises of them and thenables that say no deny',
      async run({ name, layer, expect }) {
        const one = await layer()
        const answers: readonly unknown[] = [
          1,
          'yes',
          {},
          [],
          undefined,
          null,
          Promise.resolve(false),
          Promise.resolve('true'),
          Promise.resolve({}),
        ]
        for (const [at, answer] of answers.entries()) {
          const chat = one.channel(name(`no-${at}`), { authFn: () => answer })
          expect(await refusal(() => chat.subscribe(() => {}))).toBe('permission-denied')
        }
        for (const [at, answer] of [true, Promise.resolve(true)].entries()) {
          const chat = one.channel(name(`yes-${at}`), { authFn: () => answer })
          expect(await refusal(() => chat.subscribe(() => {}))).toBe(null)
        }
      },
    },
    {
      title: 'it is asked with channel and user, at every subscribe and at no other time',
      async run({ name, layer, expect }) {
        const asked: unknown[] = []
        const chat = (await layer()).channel(name('chat'), {
          authFn: (...args) => {
            asked.push(args)
            return true
          },
        })
        const first = await chat.subscribe(() => {}, { userId: 'alice' })
        await chat.subscribe(() => {})
        await chat.publish(1)
        await chat.history()
        await first.unsubscribe()
        expect(asked).toEqual([
          [name('chat'), 'alice'],
          [name('chat'), null],
        ])
      },
    },
    {
      title: 'one that throws or rejects denies and is reported',
      async run({ name, layer, reported, expect }) {
        const one = await layer()
        const throws = one.channel(name('throws'), {
          authFn: () => {
            throw new Error('database down')
          },
        })
        const rejects = one.channel(name('rejects'), {
          authFn: async () => {
            throw new Error('database gone')
          },
        })
        expect(await refusal(() => throws.subscribe(() => {}))).toBe('permission-denied')
        expect(await refusal(() => rejects.subscribe(() => {}))).toBe('permission-denied')
        expect(reported.map(({ error, channel }) => [(error as Error).message, channel])).toEqual([
          ['database down', name('throws')],
          ['database gone', name('rejects')],
        ])
      },
    },
    {
      title: 'aborted while authFn is pending: given up at once, nothing left behind',
      async run({ name, layer, expect }) {
        let answer = (_allowed: boolean) => {}
        const chat = (await layer()).channel(name('chat'), {
          authFn: () =>
            new Promise<boolean>((resolve) => {
              answer = resolve
            }),
        })
        const controller = new AbortController()
        const reason = new Error('gone')
        const heard: unknown[] = []
        const pending = chat.subscribe((message) => heard.push(message.data), {
          userId: 'alice',
          joinPresence: true,
          signal: controller.signal,
        })
        const outcome = pending.then(
          () => 'subscribed',
          (error: unknown) => error,
        )
        await turns(3)
        controller.abort(reason)
        // The answer has not come, and need not.
        const soon = await Promise.race([outcome, turns(100).then(() => 'still waiting')])
        expect(soon).toBe(reason)
        answer(true)
        await turns()
        await chat.publish(1)
        await turns()
        expect(heard).toEqual([])
        expect(chat.localSubscriberCount).toBe(0)
        expect(await chat.presence()).toEqual([])
      },
    },
    {
      title: 'disconnected while authFn is pending: refused, whatever it answers',
      async run({ name, layer, expect }) {
        const one = await layer()
        let answer = (_allowed: boolean) => {}
        const chat = one.channel(name('chat'), {
          authFn: () =>
            new Promise<boolean>((resolve) => {
              answer = resolve
            }),
        })
        const outcome = refusal(() =>
          chat.subscribe(() => {}, { userId: 'alice', joinPresence: true }),
        )
        await turns(3)
        await one.disconnect()
        answer(true)
        expect(await outcome).toBe('layer-closed')
        expect(chat.localSubscriberCount).toBe(0)
      },
    },
    {
      title: 'a slow authFn holds up nobody else',
      async run({ name, layer, expect }) {
        let answer = (_allowed: boolean) => {}
        const slow = new Promise<boolean>((resolve) => {
          answer = resolve
        })
        const chat = (await layer()).channel(name('chat'), {
          authFn: (_channel, userId) => (userId === 'slow' ? slow : true),
        })
        const heard: unknown[] = []
        const pending = chat.subscribe((message) => heard.push(message.data), { userId: 'slow' })
        const fast = await collect(chat, { userId: 'fast' })
        await chat.publish('before')
        await fast.count(1)
        expect(chat.localSubscriberCount).toBe(1)
        answer(true)
        await pending
        await chat.publish('after')
        await fast.count(2)
        expect(heard).toEqual(['after'])
      },
    },
  ],
}
