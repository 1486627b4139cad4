import { ManualClock } from '@chan/core/testing'
import { isChanError } from '@chan/protocol'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { ConnectedSocket } from '../src/connection/channel-socket.js'
import type {
  AdmitRequest,
  ChannelSocket,
  SocketGate,
  SocketRequest,
  UpgradeRequest,
} from '../src/index.js'
import { accept, createSocketRouter, refuse } from '../src/index.js'
import { FakeSocket } from './fake-socket.js'

const never = new AbortController().signal

function upgrade(url: string, headers: Record<string, string> = {}): UpgradeRequest {
  return { url, headers, remoteAddress: '127.0.0.1', secure: false }
}

async function open(gate: SocketGate, url: string) {
  const admission = await gate.admit(upgrade(url), never)
  if (admission.refused) throw new Error(`refused with ${admission.status}`)
  const socket = new FakeSocket()
  return { socket, handler: gate.open(socket, admission) }
}

async function status(gate: SocketGate, url: string, headers?: Record<string, string>) {
  const answer = await gate.admit(upgrade(url, headers), never)
  return answer.refused ? answer.status : 101
}

describe('admission', () => {
  test('unknown path, broken path, foreign origin, then the handler with its request', async () => {
    const { router, gate } = createSocketRouter()
    const handler = vi.fn()
    router.route('/ws/:room', handler)
    expect(gate.matches('/ws/a')).toBe(true)
    expect(gate.matches('/ws/%zz')).toBe(true)
    expect(gate.matches('/other')).toBe(false)
    expect(await status(gate, '/other')).toBe(404)
    expect(await status(gate, '/ws/%zz')).toBe(400)
    expect(await status(gate, '/ws/a', { origin: 'https://evil', host: 'good' })).toBe(403)
    await open(gate, '/ws/a%20b?x=1')
    const [socket, request] = handler.mock.calls[0] ?? []
    expect(socket.id).toMatch(/^\w+-\w+$/)
    expect({ ...request.params }).toEqual({ room: 'a b' })
    expect(request.context).toBeUndefined()
  })

  test('admit gives the context, refuses, or fails with a 500', async () => {
    const onError = vi.fn()
    const { router, gate } = createSocketRouter({
      admit: async ({ query }) => {
        if (query.get('user') === 'bug') throw new Error('bug')
        return query.get('user') ? { user: query.get('user') } : refuse(401, 'who are you?')
      },
      onError,
    })
    const contexts: unknown[] = []
    router.route('/ws', (_socket, request) => contexts.push(request.context))
    router.route('/sync', { admit: () => 42 }, (_socket, { context }) => contexts.push(context))
    expect(await status(gate, '/ws')).toBe(401)
    expect(await status(gate, '/ws?user=bug')).toBe(500)
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'bug' }), {
      operation: 'admit',
      path: '/ws',
    })
    await open(gate, '/ws?user=al')
    await open(gate, '/sync?user=al')
    expect(contexts).toEqual([{ user: 'al' }, 42])
  })

  test('false and null refuse with 403, undefined and whatever else is falsy admit', async () => {
    const { router, gate } = createSocketRouter()
    const statuses: Record<string, number> = {}
    const answers = { false: false, null: null, undefined, '0': 0, text: '', nan: Number.NaN }
    for (const [name, answer] of Object.entries(answers)) {
      router.route(`/sync/${name}`, { admit: () => answer }, () => {})
      router.route(`/async/${name}`, { admit: async () => answer }, () => {})
      statuses[name] = await status(gate, `/sync/${name}`)
      expect(await status(gate, `/async/${name}`)).toBe(statuses[name])
    }
    expect(statuses).toEqual({
      ...{ false: 403, null: 403 },
      ...{ undefined: 101, '0': 101, text: 101, nan: 101 },
    })
    // Whoever wants them as a context says so.
    const contexts: unknown[] = []
    for (const context of [false, null]) {
      const admit = () => accept({ context })
      router.route(`/accepted/${context}`, { admit }, (_, request) =>
        contexts.push(request.context),
      )
      await open(gate, `/accepted/${context}`)
    }
    expect(contexts).toEqual([false, null])
  })

  test("a route's admit runs after the router's: it replaces the context, never the check", async () => {
    const asked: string[] = []
    const { router, gate } = createSocketRouter({
      admit: async ({ query }) => {
        asked.push('router')
        if (query.has('slow')) await new Promise(() => {})
        return query.has('user') ? { user: query.get('user') } : null
      },
      handshakeTimeoutMs: 20,
    })
    const contexts: unknown[] = []
    const own = (answer: unknown) => ({
      admit: () => {
        asked.push('route')
        return answer
      },
    })
    router
      .route('/own', own('mine'), (_, { context }) => contexts.push(context))
      .route('/nothing', own(undefined), (_, { context }) => contexts.push(context))
      .route('/closed', own(false), () => contexts.push('opened'))
      .route('/refused', own(refuse(404)), () => contexts.push('opened'))
      .route('/none', {}, (_, { context }) => contexts.push(context))
    expect(await status(gate, '/own')).toBe(403)
    expect(await status(gate, '/own?user=a&slow')).toBe(503)
    expect(asked.splice(0)).toEqual(['router', 'router'])
    expect(await status(gate, '/closed?user=a')).toBe(403)
    expect(await status(gate, '/refused?user=a')).toBe(404)
    for (const path of ['/own', '/nothing', '/none']) await open(gate, `${path}?user=a`)
    expect(contexts).toEqual(['mine', undefined, { user: 'a' }])
    expect(asked.slice(0, 4)).toEqual(['router', 'route', 'router', 'route'])
  })

  test('an admit that takes longer than the handshake may is a 503, its late failure reported', async () => {
    const clock = new ManualClock()
    const onError = vi.fn()
    let fail: (error: Error) => void = () => {}
    const { router, gate } = createSocketRouter({
      clock,
      onError,
      admit: () => new Promise((_, reject) => (fail = reject)),
    })
    router.route('/ws', () => {})
    const pending = gate.admit(upgrade('/ws'), never)
    clock.advance(10_000)
    expect(await pending).toMatchObject({ refused: true, status: 503 })
    fail(new Error('late'))
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce())
    expect(clock.pending).toBe(0)
  })

  test('a peer that left is not waited for', async () => {
    const clock = new ManualClock()
    const { router, gate } = createSocketRouter({ clock, admit: () => new Promise(() => {}) })
    router.route('/ws', () => {})
    const abandoned = new AbortController()
    const pending = gate.admit(upgrade('/ws'), abandoned.signal)
    abandoned.abort()
    expect((await pending).refused).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('routes have options of their own', async () => {
    const { router, gate } = createSocketRouter({ origins: ['https://a.example'] })
    router.route('/own', { origins: ['https://b.example'] }, () => {})
    router.route('/inherited', () => {})
    const from = (origin: string) => ({ origin, host: 'x' })
    expect(await status(gate, '/own', from('https://b.example'))).toBe(101)
    expect(await status(gate, '/own', from('https://a.example'))).toBe(403)
    expect(await status(gate, '/inherited', from('https://a.example'))).toBe(101)
  })

  test('bad options are refused before anything happens', async () => {
    const invalid = expect.toSatisfy((error) => isChanError(error, 'invalid-option'))
    expect(() => createSocketRouter({ pingIntervalMs: -1 })).toThrow(invalid)
    expect(() => createSocketRouter({ origins: ['nonsense'] })).toThrow(invalid)
    const { router } = createSocketRouter()
    expect(() => router.route('/a', { maxChannels: 0 }, () => {})).toThrow(invalid)
    expect(() => router.route('/a', { maxPayloadBytes: 2 ** 20 }, () => {})).toThrow(invalid)
    expect(() => router.route('/a', {}, undefined as never)).toThrow(invalid)
    expect(() => router.route('/a', { admit: 'yes' as never }, () => {})).toThrow(invalid)
    await expect(router.close({ deadlineMs: Number.NaN })).rejects.toEqual(invalid)
  })

  describe('a subprotocol', () => {
    const offering = (header: string) => ({ 'sec-websocket-protocol': header })

    async function admitted(
      admit: (request: AdmitRequest) => unknown,
      header = 'chat.v1, chat.v2',
    ) {
      const onError = vi.fn()
      const { router, gate } = createSocketRouter({ onError })
      const handler = vi.fn()
      router.route('/ws', { admit }, handler)
      const answer = await gate.admit(upgrade('/ws', offering(header)), never)
      if (!answer.refused) gate.open(new FakeSocket(), answer)
      return { answer, onError, request: handler.mock.calls[0]?.[1] as SocketRequest | undefined }
    }

    test('that admit accepts is answered, and seen by the handler with what was offered', async () => {
      const context = { user: 'al' }
      const { answer, request } = await admitted(async ({ protocols }) =>
        accept({ protocol: protocols[1], context }),
      )
      expect(answer).toMatchObject({ refused: false, protocol: 'chat.v2' })
      expect(request).toMatchObject({ protocol: 'chat.v2', protocols: ['chat.v1', 'chat.v2'] })
      expect(request?.context).toBe(context)
    })

    test('is none without accept, and where accept names none', async () => {
      for (const context of [undefined, 'chat.v1', { protocol: 'chat.v1', context: 1 }]) {
        const { answer, request } = await admitted(() => context)
        expect(answer).toMatchObject({ refused: false, protocol: undefined })
        expect(request).toMatchObject({ protocol: undefined, context })
      }
      const { answer, request } = await admitted(() => accept({ context: 1 }))
      expect(answer).toMatchObject({ refused: false, protocol: undefined })
      expect(request).toMatchObject({ protocol: undefined, context: 1 })
    })

    test.each([
      ['was not offered', 'chat.v3'],
      ['is offered in other letters', 'CHAT.V1'],
      ['is no token', 'chat.v1, chat.v2'],
      ['is empty', ''],
      ['is no string', 1n as never],
    ])('that %s is a 500, and reported', async (_what, protocol) => {
      const { answer, onError, request } = await admitted(() => accept({ protocol }))
      expect(answer).toMatchObject({ refused: true, status: 500 })
      expect(request).toBeUndefined()
      expect(onError).toHaveBeenCalledOnce()
      const [error, context] = onError.mock.calls[0] ?? []
      expect(isChanError(error, 'invalid-option')).toBe(true)
      expect(error.hint).not.toBe('')
      expect(context).toEqual({ operation: 'admit', path: '/ws' })
    })

    test('of a header that cannot be read is none; the handshake goes on', async () => {
      const { answer, request } = await admitted(() => undefined, 'chat v1')
      expect(answer.refused).toBe(false)
      expect(request?.protocols).toEqual([])
    })

    test("accepted by the router's admit stays unless the route's accepts for itself", async () => {
      const { router, gate } = createSocketRouter({ admit: () => accept({ protocol: 'chat.v1' }) })
      router.route('/inherited', () => {}).route('/own', { admit: () => 1 }, () => {})
      router.route('/other', { admit: () => accept({ protocol: 'chat.v2' }) }, () => {})
      router.route('/silent', { admit: () => accept({}) }, () => {})
      const headers = offering('chat.v1, chat.v2')
      const protocols: unknown[] = []
      for (const path of ['/inherited', '/own', '/other', '/silent']) {
        const answer = await gate.admit(upgrade(path, headers), never)
        protocols.push(answer.refused ? answer : answer.protocol)
      }
      expect(protocols).toEqual(['chat.v1', 'chat.v1', 'chat.v2', undefined])
    })
  })

  test('types: an acceptance gives the context, whatever else admit answers', () => {
    const { router } = createSocketRouter()
    const admit = ({ protocols }: AdmitRequest) =>
      protocols.includes('v1') ? accept({ protocol: 'v1', context: { user: 'al' } }) : refuse(400)
    router.route('/sync', { admit }, (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
      expectTypeOf(request.protocol).toEqualTypeOf<string | undefined>()
    })
    router.route('/async', { admit: async (request) => admit(request) }, (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
    })
    router.route('/inline', { admit: () => accept({ context: 42 }) }, (_socket, { context }) => {
      expectTypeOf(context).toEqualTypeOf<number>()
    })
    router.route('/none', { admit: () => accept({ protocol: 'v1' }) }, (_socket, { context }) => {
      expectTypeOf(context).toEqualTypeOf<undefined>()
    })
    router.route(
      '/plain',
      {
        admit: async ({ protocols }) => {
          if (protocols.length === 0) return { user: 'al' }
          return accept({ protocol: protocols[0], context: { user: 'bo' } })
        },
      },
      (_socket, request) => {
        expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
      },
    )
    const find = (_id?: string): { user: string } | null => null
    router.route('/null', { admit: async ({ cookies }) => find(cookies.sid) }, (_, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
    })
    router.route(
      '/false',
      { admit: ({ query }) => query.has('user') && { user: 'al' } },
      (_socket, request) => {
        expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
      },
    )
    router.route('/boolean', { admit: () => Math.random() < 2 }, (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<true>()
    })
    const nullable = createSocketRouter({ admit: ({ cookies }) => find(cookies.sid) })
    nullable.router.route('/ws', (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
    })
    const inherited = createSocketRouter({ admit: async (request) => admit(request) })
    inherited.router.route('/ws', (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
    })
  })

  test('types: context and params reach the handler', () => {
    const { router } = createSocketRouter({
      admit: async () => (Math.random() < 2 ? { user: 'al' } : refuse(401)),
    })
    router.route('/ws/:room', (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
      expectTypeOf(request.params.room).toEqualTypeOf<string>()
    })
    router.route('/own', { admit: () => 42 }, (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<number>()
    })
    router.route('/inherited', { maxChannels: 2 }, (_socket, request) => {
      expectTypeOf(request.context).toEqualTypeOf<{ user: string }>()
    })
  })
})

describe('connections', () => {
  async function connected(options: Parameters<typeof createSocketRouter>[0] = {}) {
    const clock = new ManualClock()
    const { router, gate } = createSocketRouter({ clock, ...options })
    let socket: ChannelSocket | undefined
    router.route('/ws', (given) => {
      socket = given
    })
    const opened = await open(gate, '/ws')
    return { clock, router, user: socket as ChannelSocket, ...opened }
  }

  describe('where an upgrade cannot wait, newcomers wait for their handlers', () => {
    async function crowd(size: number) {
      const { router, gate } = createSocketRouter({}, { waits: false })
      const entered: string[] = []
      const frames: string[] = []
      router.route('/:name', (socket, { params }) => {
        entered.push(params.name)
        const connection = ConnectedSocket.connectionOf(socket)
        connection.consume({ consume: (text) => void frames.push(`${params.name} ${text}`) })
      })
      const all = []
      for (let n = 0; n < size; n++) all.push(await open(gate, `/${n}`))
      return { router, entered, frames, all }
    }

    test('in order, a few in each turn; what they send meanwhile is held', async () => {
      const { router, entered, frames, all } = await crowd(10)
      expect(entered).toEqual(['0', '1', '2', '3'])
      expect(router.size).toBe(10)
      all[9]?.handler.message('early')
      all[0]?.handler.message('on time')
      await vi.waitFor(() => expect(frames).toEqual(['0 on time', '9 early']))
      expect(entered).toEqual(Array.from({ length: 10 }, (_, n) => String(n)))
    })

    test('who leaves meanwhile, or comes before a shutdown, has none', async () => {
      const { router, entered, all } = await crowd(7)
      all[4]?.handler.closed(1006, '')
      await vi.waitFor(() => expect(entered).toEqual(['0', '1', '2', '3', '5', '6']))
      const late = await crowd(6)
      const closed = Promise.all([late.router.close(), router.close()])
      for (const { socket, handler } of [...all, ...late.all]) {
        handler.closed(socket.closedWith?.code ?? 0, '')
      }
      await closed
      for (let turn = 0; turn < 5; turn++) await new Promise((next) => setImmediate(next))
      expect(late.entered).toEqual(['0', '1', '2', '3'])
      expect(late.all.map(({ socket }) => socket.closedWith?.code)).toEqual(Array(6).fill(1012))
    })
  })

  test('a silent peer is dropped', async () => {
    const { clock, socket, handler, user, router } = await connected()
    clock.advance(30_000)
    expect(socket.pings).toBe(1)
    clock.advance(10_000)
    expect(socket.terminated).toBe(1)
    expect(user.signal.aborted).toBe(true)
    expect(router.size).toBe(1)
    handler.closed(1006, '')
    await vi.waitFor(() => expect(router.size).toBe(0))
    expect(clock.pending).toBe(0)
  })

  test('a peer that does not answer the closing handshake is dropped', async () => {
    const { clock, socket, handler, user } = await connected()
    user.close(4000, 'enough')
    user.close(1000)
    expect(socket.closedWith).toEqual({ code: 4000, reason: 'enough' })
    expect(user.send('late')).toBe('dropped')
    clock.advance(8_000)
    expect(socket.terminated).toBe(1)
    handler.closed(1006, '')
    expect(clock.pending).toBe(0)
  })

  test('a slow consumer is closed with 1013', async () => {
    const { socket, user } = await connected({ maxBufferedBytes: 100 })
    socket.stalled = true
    user.send('x'.repeat(100 + 64 * 1024))
    expect(user.bufferedBytes).toBe(100 + 64 * 1024)
    expect(socket.closedWith).toBeUndefined()
    expect(user.send('y')).toBe('dropped')
    expect(socket.closedWith?.code).toBe(1013)
  })

  test.each([
    ['binary', 1003, (n: number) => (n === 0 ? new Uint8Array(1) : 'x')],
    ['too large', 1009, () => 'é'.repeat(40_000)],
  ])('%s: close %i', async (_name, code, frame) => {
    const { socket, handler } = await connected()
    for (let i = 0; i < 2; i++) handler.message(frame(i))
    expect(socket.closedWith?.code).toBe(code)
  })

  test('frames that nobody takes are bounded', async () => {
    const { socket, handler } = await connected({ maxQueuedFrames: 3 })
    for (let i = 0; i < 3; i++) handler.message('x')
    expect(socket.closedWith).toBeUndefined()
    handler.message('x')
    expect(socket.closedWith?.code).toBe(1008)
  })

  test('close refuses codes that cannot be sent', async () => {
    const { user, socket } = await connected()
    for (const code of [0, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5]) {
      expect(() => user.close(code)).toThrow(/close code/)
    }
    expect(socket.closedWith).toBeUndefined()
  })

  test('a failing handler closes with 1011 and is reported', async () => {
    const onError = vi.fn()
    const { router, gate } = createSocketRouter({ onError })
    router.route('/sync', () => {
      throw new Error('sync')
    })
    router.route('/async', () => Promise.reject(new Error('async')))
    for (const path of ['/sync', '/async']) {
      const { socket } = await open(gate, path)
      await vi.waitFor(() => expect(socket.closedWith?.code).toBe(1011))
    }
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual(['sync', 'async'])
  })
})

test('options are read at the call: what is changed in them later changes nothing', async () => {
  const origins = ['https://app.example']
  const options = { origins, trustProxy: true, admit: () => 'router', maxChannels: 7, onError() {} }
  const { router, gate } = createSocketRouter(options)
  const contexts: unknown[] = []
  const handler = (_socket: unknown, { context }: { readonly context: unknown }) =>
    contexts.push(context)
  const denied = () => refuse(401)
  Object.assign(options, { admit: denied, trustProxy: false, maxChannels: 0, onError: denied })
  origins[0] = 'https://evil.example'
  const own = { origins: ['https://own.example'], admit: () => 'route' }
  router.route('/inherited', handler).route('/trusting', { trustProxy: true }, handler)
  router.route('/own', own, handler)
  own.admit = denied as never
  own.origins[0] = 'https://evil.example'
  const from = (path: string, origin: string) =>
    status(gate, path, { origin, host: 'inner', 'x-forwarded-host': 'outer.example' })
  for (const path of ['/inherited', '/trusting']) {
    expect(await from(path, 'https://app.example')).toBe(101)
    expect(await from(path, 'https://outer.example')).toBe(101)
    expect(await from(path, 'https://evil.example')).toBe(403)
  }
  expect(await from('/own', 'https://own.example')).toBe(101)
  expect(await from('/own', 'https://outer.example')).toBe(101)
  expect(await from('/own', 'https://evil.example')).toBe(403)
  for (const path of ['/inherited', '/own']) await open(gate, path)
  expect(contexts).toEqual(['router', 'route'])
})

describe('close', () => {
  test('1012 to all, 503 to newcomers, resolves when all are gone and their handlers settled', async () => {
    const clock = new ManualClock()
    let settle = () => {}
    const { router, gate } = createSocketRouter({ clock })
    router.route(
      '/ws',
      { admit: () => 0 },
      () => new Promise<void>((resolve) => (settle = resolve)),
    )
    router.route('/pending', { admit: () => new Promise(() => {}) }, () => {})
    const { socket, handler } = await open(gate, '/ws')
    const late = await gate.admit(upgrade('/ws'), never)
    const pending = gate.admit(upgrade('/pending'), never)
    const closed = vi.fn()
    void router.close().then(closed)
    expect(router.close()).toBe(router.close())
    expect(socket.closedWith?.code).toBe(1012)
    expect(await pending).toMatchObject({ refused: true, status: 503 })
    expect(await status(gate, '/ws')).toBe(503)
    if (late.refused) throw new Error('refused')
    const straggler = new FakeSocket()
    gate.open(straggler, late).closed(1006, '')
    expect(straggler.closedWith?.code).toBe(1012)
    handler.closed(1012, '')
    await new Promise((resolve) => setTimeout(resolve))
    expect(closed).not.toHaveBeenCalled()
    settle()
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
    expect(clock.pending).toBe(0)
  })

  test('drops what is left at the deadline', async () => {
    const clock = new ManualClock()
    const { router, gate } = createSocketRouter({ clock, closeTimeoutMs: 60_000 })
    router.route('/ws', () => new Promise(() => {}))
    const { socket, handler } = await open(gate, '/ws')
    const closed = vi.fn()
    void router.close({ deadlineMs: 1000 }).then(closed)
    clock.advance(1000)
    await vi.waitFor(() => expect(socket.terminated).toBe(1))
    handler.closed(1006, '')
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
    expect(router.size).toBe(0)
  })

  test('spreads what it closes, so that clients do not all come back at once', async () => {
    const clock = new ManualClock()
    const { router, gate } = createSocketRouter({ clock })
    router.route('/ws', () => {})
    const opened: Awaited<ReturnType<typeof open>>[] = []
    for (let n = 0; n < 100; n++) opened.push(await open(gate, '/ws'))
    const closed = vi.fn()
    void router.close({ spreadMs: 1_000 }).then(closed)
    const sentAway = () => opened.filter(({ socket }) => socket.closedWith).length
    expect(sentAway()).toBe(5)
    clock.advance(500)
    expect(sentAway()).toBe(55)
    clock.advance(500)
    expect(opened.every(({ socket }) => socket.closedWith?.code === 1012)).toBe(true)
    for (const { handler } of opened) handler.closed(1012, '')
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce())
    await expect(router.close({ spreadMs: -1 })).rejects.toMatchObject({ code: 'invalid-option' })
  })

  test('with nobody there it resolves at once', async () => {
    const { router } = createSocketRouter()
    await router.close()
  })
})
