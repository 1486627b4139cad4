// How the servers of tests are set up. A later record wins, setting by setting.

export type Settings = Readonly<Record<string, string>>

const ALWAYS: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // In the data folder instead of /dev/shm, where a killed server would leave it behind.
  dynamic_shared_memory_type: 'mmap',
}

/** Ordinary tests: nothing survives a crash of the machine, and nothing waits for the disk. */
const FAST: Settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
}

/** What PostgreSQL does by itself, said aloud: fault tests and benchmarks rest on it. */
const SYNC: Settings = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

export function settingsFor(sync: boolean, own: Settings): Settings {
  return { ...ALWAYS, ...(sync ? SYNC : FAST), ...own }
}

export function asArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
