// A play at random for fan-out: sockets come, go and stop reading while rooms are published to; and
// what each of them must have got in the end.

import { turns, until } from '../until.js'
import type { RawClient } from './raw-client.js'
import type { BridgedServer, SocketScene } from './scene.js'

const STEPS = 150
const ROOMS = ['a', 'b', 'c']
/** Enough for adapters that treat crowds in another way. */
const CROWD = 20
const MOST_CLIENTS = 28

interface Player {
  readonly client: RawClient
  /** Its number among the server's sockets. */
  readonly index: number
  readonly room: string
  readonly forwarded: string | undefined
  readonly onlyEven: boolean
  /** What has to arrive from each source, in order. */
  readonly expected: Map<string, number[]>
  gone: boolean
}

export interface Outcome {
  readonly problems: readonly string[]
  /** Of each socket that stayed, by source. */
  readonly received: readonly unknown[]
  readonly frames: number
}

/** @param random decides; the same numbers give the same play */
export async function play(
  scene: SocketScene,
  fanOut: 'turn' | 'message',
  random: () => number,
): Promise<Outcome> {
  const roomOf = (letter: string) => `${fanOut} ${letter}`
  const server = await serve(scene, fanOut, roomOf)
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T
  const players: Player[] = []
  const stored = new Map(ROOMS.map((room) => [room, [] as number[]]))
  let next = 0
  let delivered = 0
  let published = 0
  for (const room of ROOMS) await scene.layer.channel(roomOf(room)).subscribe(() => delivered++)
  /** Sockets were given everything that was published: a callback may come after its publish. */
  const settled = async () => {
    if (delivered < published) await until('deliveries', () => delivered === published)
  }

  const enter = async (room = pick(ROOMS), mayDiffer = true) => {
    await settled()
    const forwarded =
      mayDiffer && random() < 0.3 ? pick(ROOMS.filter((other) => other !== room)) : undefined
    const onlyEven = mayDiffer && random() < 0.3
    const path = `/ws/${roomOf(room)}?forward=${forwarded ?? ''}&even=${onlyEven ? 1 : ''}`
    const client = await scene.enter(server, path.replace(' ', '%20'))
    const history = (stored.get(room) ?? []).filter((n) => !onlyEven || n % 2 === 0)
    const expected = new Map([[room, history]])
    players.push({
      ...{ client, index: players.length, room, forwarded, onlyEven, expected },
      gone: false,
    })
  }
  const publish = () => {
    const [room, n] = [pick(ROOMS), next++]
    published++
    stored.get(room)?.push(n)
    for (const player of players) if (!player.gone) expectOf(player, room, n)
    const pad = random() < 0.2 ? 'x'.repeat(Math.floor(random() * 40_000)) : ''
    return scene.layer.channel(roomOf(room)).publish({ n, pad })
  }
  const tell = () => {
    const [player, n] = [pick(players), next++]
    const outcome = server.sockets[player.index]?.send(JSON.stringify({ own: n }))
    if (outcome !== 'dropped') push(player.expected, 'own', n)
  }
  const leave = async () => {
    const player = pick(players)
    if (player.gone) return
    player.gone = true
    player.client.socket.resume()
    if (random() < 0.5) player.client.close()
    else player.client.vanish()
    await until(
      'it to be gone',
      () => server.results.length === players.filter((p) => p.gone).length,
    )
  }

  for (let n = 0; n < CROWD; n++) await enter(ROOMS[0], false)
  for (let step = 0; step < STEPS; step++) {
    const dice = random()
    if (dice < 0.15 && players.filter(({ gone }) => !gone).length < MOST_CLIENTS) await enter()
    else if (dice < 0.2) await leave()
    else if (dice < 0.25) pick(players).client.socket.pause()
    else if (dice < 0.3) pick(players).client.socket.resume()
    else if (dice < 0.4) await turns(1 + Math.floor(random() * 3))
    else {
      const publishing: Promise<unknown>[] = []
      for (let n = 1 + Math.floor(random() * 10); n > 0; n--) {
        if (random() < 0.2) tell()
        else publishing.push(publish())
      }
      await Promise.all(publishing)
    }
  }
  for (const { client } of players) client.socket.resume()
  return judge(players)
}

async function serve(
  { bridge, layer }: SocketScene,
  fanOut: 'turn' | 'message',
  roomOf: (letter: string) => string,
): Promise<BridgedServer> {
  for (const room of ROOMS) layer.channel(roomOf(room), { maxHistory: 100_000 })
  return bridge(
    ({ query }, socket) => ({
      ...(query.get('even') && { filterFn: ({ data }) => (data as { n: number }).n % 2 === 0 }),
      onConnect: async () => {
        const forwarded = query.get('forward')
        if (forwarded) await socket.forward(layer.channel(roomOf(forwarded)))
      },
    }),
    { fanOut, maxBufferedBytes: 2 ** 28 },
  )
}

function expectOf(player: Player, room: string, n: number): void {
  if (player.room === room && (!player.onlyEven || n % 2 === 0)) push(player.expected, room, n)
  if (player.forwarded === room) push(player.expected, `${room} forwarded`, n)
}

function push(lists: Map<string, number[]>, source: string, n: number): void {
  const list = lists.get(source)
  if (list) list.push(n)
  else lists.set(source, [n])
}

async function judge(players: readonly Player[]): Promise<Outcome> {
  const problems: string[] = []
  const received: unknown[] = []
  let frames = 0
  for (const player of players) {
    const { client, expected, gone, index } = player
    const total = [...expected.values()].reduce((sum, list) => sum + list.length, 0)
    if (!gone) {
      await client.until(
        `socket ${index} to get ${total} frames, it has ${client.received.length}`,
        () => client.received.length >= total,
      )
    }
    const got = bySource(player)
    frames += client.received.length
    for (const [source, list] of got) {
      const wanted = expected.get(source) ?? []
      const compared = gone ? wanted.slice(0, list.length) : wanted
      if (list.join() !== compared.join()) {
        problems.push(`socket ${index}, ${source}: ${list.join()} instead of ${compared.join()}`)
      }
    }
    if (!gone) received.push([...got].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  return { problems, received, frames }
}

function bySource({ client, room }: Player): Map<string, number[]> {
  const lists = new Map<string, number[]>()
  for (const text of client.received) {
    const frame = JSON.parse(text) as { own?: number; channel?: string; data?: { n: number } }
    if (frame.own !== undefined) push(lists, 'own', frame.own)
    else {
      const from = String(frame.channel).split(' ')[1] as string
      push(lists, from === room ? room : `${from} forwarded`, frame.data?.n as number)
    }
  }
  return lists
}
