// What compiles and what does not; `tsc` is the test runner here, vitest checks that it agrees.

import { defineChannel, type Message, type StandardSchemaV1, type } from '@chan/protocol'
import { describe, expectTypeOf, test } from 'vitest'
import type {
  Channel,
  ChannelLayer,
  PresenceEvent,
  PresenceRecord,
  Transaction,
} from '../src/index.js'

interface Chat {
  text: string
}

const chat = defineChannel('chat:{room}', {
  message: type<Chat>(),
  presence: type<{ name: string }>(),
})
declare const layer: ChannelLayer
declare const schema: StandardSchemaV1<Chat>
/** As clients of `pg` declare theirs. */
declare const client: {
  query<T extends { submit(): void }>(query: T): T
  query<R>(config: { text: string }, values?: R[]): Promise<{ rows: R[] }>
  query<R>(text: string, values?: R[]): Promise<{ rows: R[] }>
  query(text: string, callback: (error: Error) => void): void
}
declare const lengthOf: StandardSchemaV1<string, number>

// Never run: only its types matter.
async function program() {
  const room = layer.channel(chat({ room: 'a' }))
  expectTypeOf(room).toEqualTypeOf<Channel<Chat, { name: string }>>()
  expectTypeOf(await room.publish({ text: 'a' })).toEqualTypeOf<Message<Chat>>()
  expectTypeOf(await room.presence()).toEqualTypeOf<PresenceRecord<{ name: string }>[]>()
  await room.subscribe((message) => expectTypeOf(message.data).toEqualTypeOf<Chat>())
  await room.onPresence((event) =>
    expectTypeOf(event).toEqualTypeOf<PresenceEvent<{ name: string }>>(),
  )
  for await (const message of room.messages({ filterFn: ({ data }) => data.text !== '' })) {
    expectTypeOf(message).toEqualTypeOf<Message<Chat>>()
  }
  await room.publish({ text: 'a' }, { tx: client })
  const answer = await layer.transaction(async (tx) => {
    expectTypeOf(tx).toEqualTypeOf<Transaction>()
    await room.publish({ text: 'a' }, { tx })
    return 5
  })
  expectTypeOf(answer).toEqualTypeOf<number>()
  // @ts-expect-error nothing to query
  await room.publish({ text: 'a' }, { tx: {} })
  // @ts-expect-error a group publishes outside transactions
  await layer.group('a').publish(1, { tx: client })
  // @ts-expect-error the message type comes from the definition
  await room.publish({ txt: 'a' })
  // @ts-expect-error a parameter is missing
  chat({})
  expectTypeOf(layer.channel<Chat>('a')).toEqualTypeOf<Channel<Chat>>()
  expectTypeOf(layer.channel('a', { schema })).toEqualTypeOf<Channel<Chat>>()
  expectTypeOf(layer.channel('a')).toEqualTypeOf<Channel<unknown>>()
  // @ts-expect-error the schema does not accept what it gives
  layer.channel('a', { schema: lengthOf })
  // @ts-expect-error a type argument and a schema together
  layer.channel<Chat>('a', { schema })
}

describe('types', () => {
  test('the program above is checked by the compiler', () => {
    expectTypeOf(program).returns.resolves.toBeVoid()
  })
})
