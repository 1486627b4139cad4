// The native module, which is an optional dependency: loaded when it is asked for, or explained.

import type { UwsApp } from '@chan/uws'

/** The part of it that is used, as it is. Its own declarations know no host together with options. */
export interface Uws {
  App(): ListeningApp
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number
  us_socket_local_port(socket: ListenSocket): number
}

/** An app that can listen as well. */
export interface ListeningApp extends UwsApp {
  listen(
    host: string,
    port: number,
    options: number,
    done: (socket: ListenSocket | false) => void,
  ): unknown
  close(): unknown
}

/** Native. */
export type ListenSocket = object

/** What the demo was told to use cannot be loaded here; the hint says what to do. */
export class UwsUnavailable extends Error {
  readonly hint = `Three ways out:
  - It is the optional dependency "uWebSockets.js": "npm:@uwsjs/core@20.51.4" of apps/chat-demo.
    If it is missing: npx -y pnpm@10.34.9 install
  - This build needs Node 18, 20, 22 or 23, and on Linux glibc 2.27 or newer (not musl).
    Here is Node ${process.versions.node} on ${process.platform} ${process.arch}.
  - Do without: npm run demo -- --adapter ws`

  constructor(cause: unknown) {
    const [first] = String((cause as Error | undefined)?.message ?? cause).split('\n')
    super(`uWebSockets.js cannot be loaded. ${first}`, { cause })
  }
}

/** @throws {UwsUnavailable} */
export async function loadUws(): Promise<Uws> {
  try {
    const { default: loaded }: { default: unknown } = await import('uWebSockets.js')
    return loaded as Uws
  } catch (error) {
    throw new UwsUnavailable(error)
  }
}
