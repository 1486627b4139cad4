// Messages over `PgChannelLayer`, as a program would use it.

import { type Channel, PgChannelLayer } from '@chan/postgres'
import type { NumberedMessage } from '../../measure/numbered-message.js'
import { channelName, type WorkerSetup } from './setup.js'
import type { Wire } from './wire.js'

export async function openChanWire(setup: WorkerSetup): Promise<Wire> {
  const errors: string[] = []
  const layer = new PgChannelLayer({
    databaseUrl: setup.databaseUrl,
    ...setup.layer,
    onError: (error) => errors.push(String(error)),
  })
  await layer.connect()
  const channels = Array.from({ length: setup.channels }, (_, index) =>
    layer.channel<NumberedMessage>(channelName(index)),
  )
  return {
    publish: (index, message) => (channels[index] as Channel<NumberedMessage>).publish(message),
    subscribe: async (hear) => {
      const subscribing = channels.map((channel, index) =>
        channel.subscribe(({ data }) => hear(index, data)),
      )
      await Promise.all(subscribing)
    },
    stats: () => ({ ...layer.stats(), errors }),
    close: () => layer.disconnect(),
  }
}
