// A process as most of them are most of the time: connected, subscribed, present, and silent.

import { PgChannelLayer } from '@chan/postgres'
import { serveWorker } from '@chan/testkit/worker'
import { channelName, readSetup } from './setup.js'

serveWorker(async () => {
  const { databaseUrl, layer: options, channels, publisher } = readSetup()
  const layer = new PgChannelLayer({ databaseUrl, ...options })
  await layer.connect()
  const all = Array.from({ length: channels }, (_, index) => layer.channel(channelName(index)))
  await Promise.all(all.map((channel) => channel.subscribe(() => {})))
  await layer.channel('lobby').join(`user-${publisher}`)
  await layer.group('everybody').add(channelName(publisher))
  return {
    cpu: () => process.cpuUsage(),
    publish: () => Promise.all(all.map((channel) => channel.publish('x'.repeat(100)))),
  }
})
