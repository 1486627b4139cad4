// Publishing inside callbacks: order, depth, and a chance for everything else to run.

import type { Topic } from '../../cases.js'
import { until } from '../../until.js'
import { upTo } from '../entry.js'
import type { Scene } from '../scene.js'

/** 10,000 unless the harness asks for fewer rounds: deep enough to overflow any stack. */
const chainLength = (rounds: number) => 10 * rounds

export const chains: Topic<Scene> = {
  name: 'layer: publishing inside callbacks',
  cases: [
    {
      title: 'a publish inside a callback is delivered after the message that caused it, to all',
      async run({ name, layer, expect }) {
        const one = await layer()
        const chat = one.channel<number>(name('chat'))
        const heard: string[] = []
        await chat.subscribe(({ data }) => {
          heard.push(`first ${data}`)
          if (data < 3) void chat.publish(data + 1)
        })
        await chat.subscribe(({ data }) => heard.push(`second ${data}`))
        await chat.publish(1)
        await until('the last', () => heard.length === 6)
        expect(heard).toEqual(upTo(3).flatMap((n) => [`first ${n}`, `second ${n}`]))
      },
    },
    {
      title: 'publishes of two subscribers to two channels, inside one message, keep every order',
      async run({ name, layer, expect }) {
        const one = await layer()
        const [a, b] = [one.channel<number>(name('a')), one.channel<string>(name('b'))]
        const heard: unknown[] = []
        await a.subscribe(({ data }) => {
          void b.publish(`x${data}`)
          void b.publish(`y${data}`)
        })
        await a.subscribe(({ data }) => void b.publish(`z${data}`))
        await b.subscribe(({ data }) => heard.push(data))
        await Promise.all([a.publish(1), a.publish(2)])
        await until('all', () => heard.length === 6)
        expect(heard).toEqual(['x1', 'y1', 'z1', 'x2', 'y2', 'z2'])
      },
    },
    {
      title: 'a long chain of publishes in one channel',
      async run({ name, layer, rounds, expect, reported }) {
        const length = chainLength(rounds)
        const chat = (await layer()).channel<number>(name('chat'), { maxHistory: 10 })
        const heard: number[] = []
        const other: number[] = []
        await chat.subscribe(({ data }) => {
          heard.push(data)
          if (data < length) void chat.publish(data + 1)
        })
        await chat.subscribe(({ data }) => other.push(data))
        await chat.publish(1)
        await until('the end of the chain', () => other.length === length)
        expect(heard).toEqual(upTo(length))
        expect(other).toEqual(upTo(length))
        expect(reported).toEqual([])
      },
    },
    {
      title: 'a long chain over as many channels',
      async run({ name, layer, rounds, expect, reported }) {
        const length = chainLength(rounds)
        const one = await layer()
        const heard: number[] = []
        const channels = upTo(length).map((n) => one.channel<number>(name(`chat-${n}`)))
        await Promise.all(
          channels.map((channel, at) =>
            channel.subscribe(({ data }) => {
              heard.push(data)
              void channels[at + 1]?.publish(data + 1)
            }),
          ),
        )
        await channels[0]?.publish(1)
        await until('the end of the chain', () => heard.length === length)
        expect(heard).toEqual(upTo(length))
        expect(reported).toEqual([])
      },
    },
    ...(['a callback', 'outside'] as const).map((place) => ({
      title: `a burst of publishes from ${place}: all in order, none dearer than in a small one`,
      async run({ name, layer, rounds, expect, reported }: Scene) {
        const chat = (await layer({ defaultHistorySize: 10 })).channel<number>(name('chat'))
        let heard: number[] = []
        let burst = () => {}
        await chat.subscribe(({ data }) => {
          if (data === 0) return burst()
          heard.push(data)
        })
        /** Answers how many microseconds each took. */
        const publish = async (size: number) => {
          heard = []
          let last: Promise<unknown> | undefined
          burst = () => {
            for (let n = 1; n <= size; n++) last = chat.publish(n)
          }
          const beganAt = performance.now()
          if (place === 'outside') burst()
          else await chat.publish(0)
          await until('the burst', () => heard.length >= size)
          const took = performance.now() - beganAt
          await last
          expect(heard).toEqual(upTo(size))
          return (took * 1_000) / size
        }
        const [small, large]: [number[], number[]] = [[], []]
        for (let round = 0; round < 4; round++) {
          small.push(await publish(rounds))
          large.push(await publish(25 * rounds))
        }
        // The code of the first is not compiled yet, and any may meet a busy machine.
        expect(Math.min(...large) / Math.min(...small)).toBeLessThan(5)
        expect(reported).toEqual([])
      },
    })),
    ...(['sync', 'async'] as const).map((kind) => ({
      title: `two ${kind} callbacks answering each other leave the event loop its turns`,
      async run({ name, layers, expect }: Scene) {
        const [one, other] = await layers({ defaultHistorySize: 1 })
        const turnsSeen: number[] = []
        let answers = 0
        let playing = true
        const answer = (layer: typeof one, to: string) => () => {
          answers++
          if (!playing) return
          const published = layer.channel(name(to)).publish(answers)
          if (kind === 'async') return published.then(() => {})
          published.catch(() => {})
        }
        await one.channel(name('ping')).subscribe(answer(one, 'pong'))
        await one.channel(name('pong')).subscribe(answer(one, 'ping'))
        // And the same between two processes.
        await one.channel(name('to')).subscribe(answer(one, 'fro'))
        await other.channel(name('fro')).subscribe(answer(other, 'to'))
        void one.channel(name('ping')).publish(0)
        void one.channel(name('to')).publish(0)
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, 1))
          await new Promise((resolve) => setImmediate(resolve))
          turnsSeen.push(answers)
        }
        await until('more answers', () => answers > 1_000)
        playing = false
        expect(turnsSeen.length).toBe(5)
      },
    })),
    {
      title: 'a callback may subscribe, unsubscribe itself and publish at once',
      async run({ name, layer, expect }) {
        const chat = (await layer()).channel<number>(name('chat'))
        const heard: string[] = []
        const relay = async (generation: number): Promise<void> => {
          const own = await chat.subscribe(async ({ data }) => {
            heard.push(`${generation}:${data}`)
            if (data !== generation) return
            await relay(generation + 1)
            void own.unsubscribe()
            if (generation < 50) await chat.publish(data + 1)
          })
        }
        await relay(1)
        await chat.publish(1)
        await until('the last generation', () => heard.includes('50:50'))
        expect(heard).toEqual(upTo(50).map((n) => `${n}:${n}`))
        expect(chat.localSubscriberCount).toBe(1)
      },
    },
  ],
}
