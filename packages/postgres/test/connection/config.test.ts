import { inspect } from 'node:util'
import type { ClientConfig } from 'pg'
import { describe, expect, it } from 'vitest'
import { SessionConfig } from '../../src/connection/config.js'

const SECRET = 'hunter2secret'

describe('what a config shows', () => {
  const configs: Record<string, string | ClientConfig> = {
    'a URL': `postgres://app:${SECRET}@db.example:5433/shop`,
    'a URL in a config': { connectionString: `postgresql://app:${SECRET}@db.example:5433/shop` },
    parts: { user: 'app', password: SECRET, host: 'db.example', port: 5433, database: 'shop' },
  }
  for (const [name, connection] of Object.entries(configs)) {
    it(`is where ${name} leads, without the password`, () => {
      const config = new SessionConfig(connection)
      expect(config.target).toBe('app@db.example:5433/shop')
      expect(inspect(config, { depth: null, showHidden: true })).not.toContain(SECRET)
      expect(JSON.stringify(config)).not.toContain(SECRET)
    })
  }

  it('names sockets and IPv6 addresses', () => {
    expect(new SessionConfig('postgres://app@[::1]/shop').target).toBe('app@[::1]:5432/shop')
    expect(new SessionConfig('/run/postgresql shop').target).toContain('/run/postgresql:5432/shop')
  })
})

describe('what a connection is opened with', () => {
  const url = 'postgres://app@db.example/shop'

  it('is what the user set', () => {
    const client = new SessionConfig({ connectionString: url, ssl: { ca: 'pem' } }).createClient(
      'chan',
    )
    expect(client).toMatchObject({ user: 'app', host: 'db.example', ssl: { ca: 'pem' } })
  })

  it('takes the password beside an address that has none', () => {
    const password = () => SECRET
    const client = new SessionConfig({ connectionString: url, password }).createClient('chan')
    expect(client.password).toBe(password)
    const inUrl = new SessionConfig(`postgres://app:${SECRET}@db.example/shop`).createClient('chan')
    expect(inUrl.password).toBe(SECRET)
  })
})

describe('what cannot be meant is refused without quoting it', () => {
  const refused: Record<string, unknown> = {
    empty: '',
    'a libpq string': `host=db.example password=${SECRET} dbname=shop`,
    'another scheme': `mysql://app:${SECRET}@db.example/shop`,
    'a port that is none': `postgres://app:${SECRET}@db.example:port/shop`,
    'a slash in the password': `postgres://app:12/${SECRET}@db.example/shop`,
    'a hash in the password': `postgres://app:12#${SECRET}@db.example/shop`,
    'a question mark in the password': `postgres://app:12?${SECRET}@db.example/shop`,
    'a certificate that is not there': `postgres://app:${SECRET}@db.example/shop?sslrootcert=/none/ca.pem`,
    'an empty URL in a config': { connectionString: '' },
    'a bad URL in a config': { connectionString: `app:${SECRET}@db.example` },
    'a number': 5432,
    nothing: null,
  }
  for (const [name, connection] of Object.entries(refused)) {
    it(name, () => {
      let error: Error | undefined
      try {
        new SessionConfig(connection as string)
      } catch (thrown) {
        error = thrown as Error
      }
      expect(error).toMatchObject({ code: 'invalid-option', retryable: false })
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain(SECRET)
      expect(error?.message).toMatch(/^The connection to PostgreSQL is /)
    })
  }

  it('but an @ in a query, or encoded in a name, is fine', () => {
    const url = 'postgres://a%40b:p%23w@db.example/shop?application_name=me@home'
    expect(new SessionConfig(url).target).toBe('a@b@db.example:5432/shop')
  })
})
