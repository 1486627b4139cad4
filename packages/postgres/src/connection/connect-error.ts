// Every way in which connecting fails, with its cause and its cure. The password is in none of them.

import { ChanError } from '@chan/core/backend'
import { DatabaseError } from 'pg'

/** Transient ones are worth another attempt unchanged; the others need somebody to change something. */
interface Diagnosis {
  readonly transient: boolean
  readonly message: string
  readonly hint: string
}

/** The error a user hears when a connection to `target` (no password in it) was not made. */
export function connectError(error: unknown, target: string): ChanError {
  if (error instanceof ChanError) return error
  const { transient, message, hint } =
    error instanceof DatabaseError ? refused(error) : failed(error as Error & { code?: string })
  return new ChanError(
    transient ? 'unavailable' : 'invalid-option',
    `Cannot connect to PostgreSQL (${target}): ${message}`,
    hint,
    { cause: error },
  )
}

/** The server (or a pooler before it) answered, and said no. */
function refused({ message, code = '' }: DatabaseError): Diagnosis {
  const said = `${message}${/[.!?]$/.test(message) ? '' : '.'}`
  const permanent = (hint: string) => ({ transient: false, message: said, hint })
  const passing = (hint: string) => ({ transient: true, message: said, hint })
  if (code === '28P01') return permanent('Check the user name and the password.')
  if (/no encryption|SSL off/i.test(message) && code === '28000')
    return permanent(
      'The server wants TLS: add `sslmode=verify-full` to the URL, or `ssl` to the config.',
    )
  if (code === '28000')
    return permanent(
      'Check the user name, that the role may log in, and pg_hba.conf on the server.',
    )
  if (code === '3D000')
    return permanent('Create the database, or correct its name in the connection.')
  if (code === '42501') return permanent('Grant the role CONNECT on the database.')
  if (code === '55000') return permanent('Connect to a database that accepts connections.')
  if (code === '53300')
    return passing(
      'Every process needs up to 7 connections: raise max_connections, run fewer processes, or put ' +
        'a pooler before the server (`databaseUrl` to the pooler, `listenUrl` to the server).',
    )
  if (code === '57P03' || code.startsWith('57P'))
    return passing('The server is starting, stopping or recovering. Try again.')
  if (code === '08P01' || /startup parameter/i.test(message))
    return permanent(
      'A pooler refused the connection: remove `options` and timeouts from the connection, and ' +
        'check that the pooler knows the database and the user.',
    )
  if (/^received invalid response/.test(message))
    return {
      transient: false,
      message: 'what answers there is no PostgreSQL server.',
      hint: 'Check host and port.',
    }
  return passing(`The server answered SQLSTATE ${code || 'unknown'}; its log says more.`)
}

/** Nobody answered, or not in a way that makes a connection. */
function failed(error: Error & { code?: string }): Diagnosis {
  // Several addresses were tried: the error of all of them has no message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const text = first?.message || String(error.code ?? 'unknown error')
  const code = error.code ?? ''
  const known = network[code]
  if (known) return { ...known, message: known.message || `${text}.` }
  if (/^SASL|password must be a string/i.test(text))
    return {
      transient: false,
      message: `the password does not work for the server (${text}).`,
      hint: 'Give the password in the connection, as a text or as a function that answers a text.',
    }
  if (/does not support SSL/.test(text))
    return {
      transient: false,
      message: 'the server does not speak TLS.',
      hint: 'Turn TLS on in the server, or remove `sslmode` or `ssl` from the connection.',
    }
  if (/terminated unexpectedly|closed the connection/.test(text))
    return {
      transient: true,
      message: 'the connection was closed while it was being made.',
      hint: CUT_HINT,
    }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO/.test(code) || /SSL/.test(text))
    return {
      transient: false,
      message: `TLS failed: ${text}.`,
      hint:
        "Give the server's certificate authority (`ssl: { ca }`, or `sslrootcert` in the URL), and " +
        'connect by a host name that its certificate carries.',
    }
  return {
    transient: true,
    message: `${text}.`,
    hint: 'Check host and port, and that a PostgreSQL server answers there; its log may say more.',
  }
}

const CUT_HINT =
  'The server may be restarting. If it stays, check that a PostgreSQL server listens there.'

const unreachable = {
  transient: true,
  message: '',
  hint: 'Check host and port, the network and firewalls.',
} as const

const network: Readonly<Record<string, Diagnosis>> = {
  ECONNREFUSED: {
    transient: true,
    message: 'the connection was refused.',
    hint: 'Start the server, check host and port, and that it listens there (listen_addresses).',
  },
  ENOENT: {
    transient: true,
    message: 'there is no such socket.',
    hint: 'Start the server, and check the directory of its Unix socket (unix_socket_directories).',
  },
  EACCES: {
    transient: false,
    message: 'the operating system refused access to the socket.',
    hint: 'Give the program access to the Unix socket, or connect over TCP.',
  },
  ENOTFOUND: {
    transient: true,
    message: 'the host name is not known.',
    hint: 'Check the host name, and that this machine can look it up.',
  },
  EAI_AGAIN: {
    transient: true,
    message: 'the host name could not be looked up.',
    hint: 'Check the host name and the name service of this machine.',
  },
  ETIMEDOUT: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ECONNRESET: {
    transient: true,
    message: 'the connection was cut while it was being made.',
    hint: CUT_HINT,
  },
}
