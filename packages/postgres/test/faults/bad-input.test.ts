// What PostgreSQL cannot store, or would take for something else, among good messages: refused before
// the database, alone; inside the data it travels like everything else.
import { TcpProxy } from '@chan/conformance'
import { type PostgresServer, startPostgres, waitFor } from '@chan/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Message, PgChannelLayer } from '../../src/index.js'
import { PATIENCE_MS } from './scene/form.js'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ sync: true })
}, 60_000)
afterAll(() => server.close())

/** U+0000, halves of a surrogate pair alone, and the separators of our own texts. */
const BAD = ['a\u0000b', '\ud800', 'x\udc00', '\u001e', '\u001f', '\u001d', '\n']

test('one bad name, sender or id among good ones is refused alone, before the database', async () => {
  await using proxy = await TcpProxy.listen({ port: server.port })
  const url = new URL(await server.createDatabase())
  url.port = String(proxy.port)
  await using layer = new PgChannelLayer({ databaseUrl: url.href })
  const heard: Message[] = []
  await layer.channel('good').subscribe((message) => heard.push(message))

  // Whoever is answered while the database says nothing was not answered by it.
  proxy.hang()
  const good: Promise<Message>[] = []
  const publish = (options = {}) =>
    good.push(layer.channel('good').publish(good.length, options)) && good.length
  for (const bad of BAD) {
    publish({ id: `id ${good.length}` })
    expect(() => layer.channel(`bad ${bad}`)).toThrow(
      expect.objectContaining({ code: 'invalid-channel-name' }),
    )
    const options = [{ sender: bad }, { id: bad }, { sender: 'fine', id: bad }]
    for (const option of options) {
      await expect(layer.channel('good').publish('bad', option)).rejects.toMatchObject({
        code: 'invalid-option',
        retryable: false,
      })
    }
    publish({ sender: 'fine' })
  }
  proxy.heal()

  const stored = await Promise.all(good)
  await waitFor(() => heard.length === stored.length, { deadlineMs: PATIENCE_MS })
  expect(heard.map(({ data }) => data)).toEqual(stored.map((_, index) => index))
  expect(heard.map(({ offset }) => offset)).toEqual(stored.map((_, index) => index + 1))
}, 60_000)

test('inside the data all of it travels intact, alone and in a batch', async () => {
  const databaseUrl = await server.createDatabase()
  await using writer = new PgChannelLayer({ databaseUrl })
  await using reader = new PgChannelLayer({ databaseUrl })
  const heard: unknown[] = []
  await reader.channel('data').subscribe(({ data }) => heard.push(data))
  const data = [
    ...BAD,
    BAD.join(''),
    Object.fromEntries(BAD.map((bad, index) => [`${bad}${index}`, [bad]])),
    `${BAD.join('')}${'é\u0000\ud800'.repeat(5_000)}`,
  ]
  for (const one of data) await writer.channel('data').publish(one)
  await Promise.all(data.map((one) => writer.channel('data').publish(one)))
  await waitFor(() => heard.length === 2 * data.length, { deadlineMs: PATIENCE_MS })
  expect(heard).toEqual([...data, ...data])
  const history = await reader.channel('data').history()
  expect(history.map((message) => message.data)).toEqual([...data, ...data])
}, 60_000)
