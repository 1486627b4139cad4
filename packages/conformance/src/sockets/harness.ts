// What somebody who wants a socket adapter checked has to provide.

import type { ChannelLayer, LayerOptions } from '@chan/core'
import type { AdoptOptions, ChannelSocket, SocketOptions, SocketRouter } from '@chan/sockets'
import type { Skips } from '../cases.js'

/** A server that listens on 127.0.0.1. */
export interface SocketServer {
  readonly port: number
  /** Closes the server itself; sockets were closed before, or are cut. */
  close(): Promise<void>
}

/** A server with the adapter's router on it. */
export interface RoutedServer extends SocketServer {
  readonly router: SocketRouter<unknown>
}

/** An adapter and how to set it up. */
export interface SocketHarness {
  /** Appears in the titles. */
  readonly name: string
  /** A server whose unfinished requests are looked for at least every 100 ms. */
  start(options: SocketOptions<unknown>): Promise<RoutedServer>
  /** A server whose sockets another framework accepts and hands to the adapter, if there is such. */
  startAdopting?(
    take: (socket: ChannelSocket) => void,
    options: AdoptOptions,
  ): Promise<SocketServer>
  /** A layer on a backend of its own: the bridge is checked over it. */
  createLayer(options: LayerOptions): ChannelLayer
  /** Cases to leave out: title and reason. One that matches no case fails. */
  readonly skip?: Skips
}
