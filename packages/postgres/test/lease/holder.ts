// A process of its own that holds users present; to be killed, stopped and continued.

import { serveWorker } from '@chan/testkit/worker'
import { Process } from '../presence/process.js'

void serveWorker(async () => {
  const holder = await Process.start({ url: process.argv[2] as string })
  return {
    async hold(channels: readonly string[], users: readonly string[]) {
      const pairs = channels.flatMap((channel) => users.map((user) => [channel, user] as const))
      await Promise.all(pairs.map(([channel, user]) => holder.put(channel, user)))
    },
    release: (channel: string, user: string) => holder.release(channel, user),
    story: (channel: string) => holder.story(channel),
  }
})
