import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type PostgresServer, runSql, startPostgres } from '@chan/testkit'
import { DatabaseError } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectionOption, SessionConfig } from '../../src/connection/config.js'
import { connectError } from '../../src/connection/connect-error.js'
import { Session } from '../../src/connection/session.js'
import { rejection } from './database.js'

const SECRET = 'hunter2secret'

// Its own server: access rules are the server's.
let server: PostgresServer
const opened: Session[] = []
beforeAll(async () => {
  server = await startPostgres()
  const rules = join(server.dataDir, 'pg_hba.conf')
  const others = await readFile(rules, 'utf8')
  await writeFile(
    rules,
    [
      'host all scram 127.0.0.1/32 scram-sha-256',
      'host all md5 127.0.0.1/32 md5',
      'host all clear 127.0.0.1/32 password',
      'host all banned 127.0.0.1/32 reject',
      others,
    ].join('\n'),
  )
  await runSql(server.url, 'select pg_reload_conf()')
  for (const role of ['scram', 'md5', 'clear', 'banned', 'full']) {
    await runSql(server.url, `create role ${role} login password '${SECRET}'`)
  }
  await runSql(server.url, 'alter role full connection limit 0')
  await runSql(server.url, 'create role nologin')
  await runSql(server.url, 'create database closed allow_connections false')
  await runSql(server.url, 'create database secluded')
  await runSql(server.url, 'revoke connect on database secluded from public')
}, 30_000)
afterAll(async () => {
  await Promise.all(opened.map((session) => session.close()))
  await server.close()
})

async function open(connection: ConnectionOption): Promise<Session> {
  const session = await Session.open(new SessionConfig(connection), { deadlineMs: 5_000 })
  opened.push(session)
  return session
}

function url(user: string, password = '', database = 'postgres'): string {
  return `postgres://${user}:${password}@127.0.0.1:${server.port}/${database}`
}

/** What connecting fails with, once it is certain that the password is nowhere in it. */
async function failure(connection: ConnectionOption): Promise<Error> {
  const error = await rejection(open(connection))
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(SECRET)
  expect(error.stack).not.toContain(SECRET)
  return error
}

describe('for good, and said to be so:', () => {
  for (const method of ['scram', 'md5', 'clear']) {
    it(`a wrong password (${method})`, async () => {
      expect(await failure(url(method, `${SECRET}x`))).toMatchObject({
        code: 'invalid-option',
        retryable: false,
        message:
          `Cannot connect to PostgreSQL (${method}@127.0.0.1:${server.port}/postgres): ` +
          `password authentication failed for user "${method}".`,
        hint: 'Check the user name and the password.',
      })
      const session = await open(url(method, SECRET))
      expect(await session.query('select current_user::text as me')).toEqual([{ me: method }])
    })
  }

  it('no password where one is wanted', async () => {
    expect(await failure(url('scram'))).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('the password does not work'),
      hint: expect.stringContaining('Give the password'),
    })
  })

  it('a role that does not exist, may not log in, or is not let in', async () => {
    expect((await failure(url('nobody', SECRET))).message).toContain('role "nobody" does not exist')
    expect(await failure(url('nologin'))).toMatchObject({
      code: 'invalid-option',
      hint: expect.stringContaining('may log in'),
    })
    expect(await failure(url('banned', SECRET))).toMatchObject({
      code: 'invalid-option',
      hint: expect.stringContaining('TLS'),
    })
  })

  it('a database that does not exist, is closed, or is not for this role', async () => {
    expect(await failure(url('scram', SECRET, 'nowhere'))).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('database "nowhere" does not exist'),
      hint: expect.stringContaining('Create the database'),
    })
    expect(await failure(url('postgres', '', 'closed'))).toMatchObject({ code: 'invalid-option' })
    expect(await failure(url('scram', SECRET, 'secluded'))).toMatchObject({
      code: 'invalid-option',
      hint: expect.stringContaining('CONNECT'),
    })
  })

  it('TLS with a server that has none', async () => {
    expect(await failure({ connectionString: url('scram', SECRET), ssl: true })).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('does not speak TLS'),
    })
  })

  it('something else than PostgreSQL', async () => {
    const mysql = await serve((socket) => socket.end('J\0\0\0\n8.0.36\0more of its greeting'))
    expect(await failure(`postgres://app:${SECRET}@127.0.0.1:${mysql.port}/app`)).toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining('no PostgreSQL server'),
    })
    await mysql.close()
  })
})

describe('for now, and worth trying again:', () => {
  it('a closed port, by number and by name', async () => {
    const gone = await serve(() => {})
    await gone.close()
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await failure(`postgres://app:${SECRET}@${host}:${gone.port}/app`)).toMatchObject({
        code: 'unavailable',
        retryable: true,
        message: `Cannot connect to PostgreSQL (app@${host}:${gone.port}/app): the connection was refused.`,
        hint: expect.stringContaining('Start the server'),
      })
    }
  })

  it('a socket that is not there', async () => {
    expect(await failure({ host: '/nowhere', user: 'app', password: SECRET })).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('there is no such socket'),
    })
  })

  it('a server without a free connection', async () => {
    expect(await failure(url('full', SECRET))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('too many connections for role "full"'),
      hint: expect.stringContaining('max_connections'),
    })
  })

  it('a server that hangs up', async () => {
    const ways: ((socket: Socket) => void)[] = [
      (socket) => socket.end(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ]
    for (const way of ways) {
      const rude = await serve(way)
      expect(await failure(`postgres://app:${SECRET}@127.0.0.1:${rude.port}/app`)).toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/while it was being made\.$/),
      })
      await rude.close()
    }
  })
})

describe('a password function', () => {
  it('is asked for every connection, and may be slow', async () => {
    let asked = 0
    const connection = {
      connectionString: url('scram'),
      password: async () => {
        asked++
        await new Promise((resolve) => setTimeout(resolve, 10))
        return SECRET
      },
    }
    const config = new SessionConfig(connection)
    for (let i = 1; i <= 2; i++) {
      const session = await Session.open(config, { deadlineMs: 5_000 })
      await session.close()
      expect(asked).toBe(i)
    }
  })

  it('that fails says so', async () => {
    const connection = {
      host: '127.0.0.1',
      port: server.port,
      user: 'scram',
      database: 'postgres',
      password: () => Promise.reject(new Error('the vault is sealed')),
    }
    expect(await failure(connection)).toMatchObject({
      message: expect.stringContaining('the vault is sealed'),
    })
  })
})

describe('what no server here can be made to say', () => {
  const cases: readonly [name: string, error: Error, code: string, text: RegExp][] = [
    [
      'a server that starts',
      fatal('57P03', 'the database system is starting up'),
      'unavailable',
      /starting/,
    ],
    [
      'a pooler that refuses a parameter',
      fatal('08P01', 'unsupported startup parameter: options'),
      'invalid-option',
      /pooler/,
    ],
    ['an unknown refusal', fatal('XX000', 'Tenant or user not found'), 'unavailable', /XX000/],
    [
      'a host without a name',
      coded('ENOTFOUND', 'getaddrinfo ENOTFOUND db.example'),
      'unavailable',
      /host name/,
    ],
    [
      'a network that is down',
      coded('ENETUNREACH', 'connect ENETUNREACH 10.0.0.1:5432'),
      'unavailable',
      /firewall/,
    ],
    [
      'a certificate nobody knows',
      coded('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate'),
      'invalid-option',
      /certificate/,
    ],
    [
      'a certificate for another host',
      coded('ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match'),
      'invalid-option',
      /TLS failed/,
    ],
  ]
  for (const [name, cause, code, text] of cases) {
    it(name, () => {
      const error = connectError(cause, 'app@db.example:5432/shop')
      expect(error).toMatchObject({ code, cause })
      expect(`${error.message} ${error.hint}`).toMatch(text)
    })
  }
})

function fatal(code: string, message: string): Error {
  return Object.assign(new DatabaseError(message, message.length, 'error'), {
    severity: 'FATAL',
    code,
  })
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

async function serve(
  handler: (socket: Socket) => void,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const listening: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => handler(socket))
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return {
    port: (listening.address() as { port: number }).port,
    close: () => new Promise((resolve) => listening.close(() => resolve())),
  }
}
