// disconnectUser: client sessions end in the whole cluster.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import type { Scene } from '../scene.js'
import { clientSession } from './client-session.js'
import { collect } from './collect.js'

export const sessions: Topic<Scene> = {
  name: 'layer: disconnectUser',
  cases: [
    {
      title: 'ends every session of the user in every process, and nobody else’s',
      async run({ name, layers, expect }) {
        const [one, other] = await layers()
        const alice = name('alice')
        const here = [clientSession(one, alice), clientSession(one, alice)]
        const there = clientSession(other, alice)
        const bystanders = [
          clientSession(other, name('bob')),
          clientSession(one, null),
          clientSession(one, 'x'),
        ]
        const server = await collect(one.channel(name('chat')), { userId: alice })
        await Promise.all([one.connect(), other.connect()])
        await Promise.all([here[0]?.ready(), there.ready()])
        await one.disconnectUser(alice)
        await until('the end elsewhere', () => there.ends.length > 0)
        for (const each of [...here, there]) expect(each.ends).toEqual(['disconnected'])
        for (const each of bystanders) expect(each.ends).toEqual([])
        await one.channel(name('chat')).publish(1)
        expect(await server.count(1)).toEqual([1])
        expect([one.stats().sessions, other.stats().sessions]).toEqual([2, 1])
        for (const each of bystanders) each.remove()
        expect([one.stats().sessions, other.stats().sessions]).toEqual([0, 0])
      },
    },
    {
      title: 'reaches a session from the moment that it is ready, however young its process',
      async run({ name, layers, rounds, expect }) {
        const [one, other] = await layers()
        await Promise.all([one.connect(), other.connect()])
        for (let round = 0; round < Math.min(rounds, 20); round++) {
          const user = name(`alice-${round}`)
          const fresh = clientSession(other, user)
          await fresh.ready()
          await one.disconnectUser(user)
          await until('the end', () => fresh.ends.length > 0)
          expect(fresh.ends).toEqual(['disconnected'])
        }
      },
    },
  ],
}
