// A backend around a backend that forgets: a share of what it should deliver does not come, comes
// twice or comes too early, and it owns up to it afterwards.

import type {
  BackendContext,
  BackendSink,
  ChannelBackend,
  Message,
  PresenceChange,
} from '@chan/core/backend'
import { seeded } from '../random.js'
import { turns } from '../until.js'

/** Between two gaps that concern all channels. */
const PAUSE_MS = 100

/** How often what happens; shares of 1. */
export interface Faults {
  /** Deliveries that do not come and are followed by a `gap`. Default 0.2. */
  readonly dropped?: number
  /** Stored messages that come twice. Default 0.1. */
  readonly doubled?: number
  /** Presence changes that do not come and are followed by a `gap`. Default 0: reasons get lost. */
  readonly presence?: number
}

/**
 * Drops a share of the stored messages that a backend delivers, then calls `gap`, for the channel or
 * for all. Ephemeral messages, which nobody vouches for, pass. A layer on top of it must lose nothing,
 * double nothing and keep every order. The seed repeats a run.
 */
export function lossy(backend: ChannelBackend, seed: number, faults: Faults = {}): ChannelBackend {
  const { dropped = 0.2, doubled = 0.1, presence = 0 } = faults
  const random = seeded(seed)
  let closed = false
  const own = {
    // A message may be missing when `append` answers: not what an in-process backend promises.
    facts: { ...backend.facts, crossProcess: true },
    open: ({ sink, clock }: BackendContext) => backend.open({ sink: forgetful(sink), clock }),
    close: () => {
      closed = true
      return backend.close()
    },
  }

  function forgetful(sink: BackendSink): BackendSink {
    let lastGeneral = Number.NEGATIVE_INFINITY
    const ownUp = async (channel: string) => {
      await turns(Math.floor(random() * 4))
      if (closed) return
      // A gap in everything makes a layer read all its channels: rare enough not to be all it does.
      const general = random() < 0.3 && performance.now() - lastGeneral > PAUSE_MS
      if (general) lastGeneral = performance.now()
      sink.gap(general ? null : channel, 'lost-doorbell')
    }
    return {
      deliver(channel: string, message: Message) {
        if (message.offset === undefined) return sink.deliver(channel, message)
        const fate = random()
        if (fate < dropped) return void ownUp(channel)
        sink.deliver(channel, message)
        if (fate > 1 - doubled) sink.deliver(channel, message)
      },
      presence(channel: string, change: PresenceChange) {
        if (random() < presence) return void ownUp(channel)
        sink.presence(channel, change)
      },
      gap: (channel, cause) => sink.gap(channel, cause),
      status: (state, error) => sink.status(state, error),
      report: (error) => sink.report(error),
    }
  }

  return new Proxy(backend, {
    get(target, key) {
      if (Object.hasOwn(own, key)) return own[key as keyof typeof own]
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
