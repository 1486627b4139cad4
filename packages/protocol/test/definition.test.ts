import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type AnyChannelDefinition,
  type ChannelDefinition,
  type ChannelRef,
  defineChannel,
  type InferInput,
  type InferOutput,
  type Metadata,
  type PatternParams,
  type StandardSchemaV1,
  type,
  type ValueOf,
} from '../src/index.js'

/** A schema that lets everything through; what counts here is its types. */
function schema<Input, Output = Input>(): StandardSchemaV1<Input, Output> {
  return {
    '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as Output }) },
  }
}

interface Text {
  text: string
}

describe('defineChannel', () => {
  it('gives references by name', () => {
    const chat = defineChannel('chat:{room}', { message: type<Text>() })
    expect(chat({ room: 'general' })).toStrictEqual({
      name: 'chat:general',
      pattern: 'chat:{room}',
    })
    expect(Object.isFrozen(chat({ room: 'general' }))).toBe(true)
    expect(chat.pattern).toBe('chat:{room}')
  })

  it('takes no argument where the pattern has no parameters, and the rest as *', () => {
    expect(defineChannel('metrics:system', { message: type<number>() })().name).toBe(
      'metrics:system',
    )
    expect(defineChannel('files:*', { message: type<number>() })({ '*': 'a:b' }).name).toBe(
      'files:a:b',
    )
  })

  it('keeps schemas, and nothing of types without one', () => {
    const message = schema<Text>()
    const presence = schema<{ name: string }>()
    const checked = defineChannel('a', { message, presence })
    expect(checked.message).toBe(message)
    expect(checked.presence).toBe(presence)
    const untyped = defineChannel('a', { message: type<Text>(), presence: type<{ n: 1 }>() })
    expect(untyped.message).toBeUndefined()
    expect(untyped.presence).toBeUndefined()
    expect(type<Text>()).toStrictEqual({ '~chan': 'type' })
  })

  it('knows a schema that is a function, as arktype makes them', () => {
    const callable = Object.assign(() => true, schema<Text>())
    expect(defineChannel('a', { message: callable }).message).toBe(callable)
  })

  it('refuses bad patterns at once and bad parameters at the call', () => {
    expect(() => defineChannel('*:a', { message: type<Text>() })).toThrow(/before its last segment/)
    const chat = defineChannel('chat:{room}', { message: type<Text>() })
    expect(() => chat({ room: 'a:b' })).toThrow(/contains ':'/)
    // @ts-expect-error the parameter is required
    expect(() => chat()).toThrow(/'room' of 'chat:{room}' is missing/)
    // @ts-expect-error it has another name
    expect(() => chat({ rooms: 'a' })).toThrow(/is missing/)
    // @ts-expect-error it is a string
    expect(() => chat({ room: 5 })).toThrow(/must be a string/)
  })
})

describe('types', () => {
  it('reads parameters from the pattern', () => {
    expectTypeOf<PatternParams<'chat:{room}'>>().toEqualTypeOf<{ readonly room: string }>()
    expectTypeOf<PatternParams<'{a}:x:{b}'>>().toEqualTypeOf<{
      readonly a: string
      readonly b: string
    }>()
    expectTypeOf<PatternParams<'a:{b}:*'>>().toEqualTypeOf<{
      readonly b: string
      readonly '*': string
    }>()
    expectTypeOf<keyof PatternParams<'chat:general'>>().toEqualTypeOf<never>()
    expectTypeOf<PatternParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
  })

  it('carries message and presence types', () => {
    const plain = defineChannel('chat:{room}', { message: type<Text>() })
    expectTypeOf(plain).toEqualTypeOf<ChannelDefinition<'chat:{room}', Text, Metadata>>()
    expectTypeOf(plain({ room: 'a' })).toEqualTypeOf<ChannelRef<Text>>()

    const both = defineChannel('chat:{room}', {
      message: schema<{ text: string; bold?: boolean }, { text: string; bold: boolean }>(),
      presence: schema<{ name: string }>(),
    })
    expectTypeOf(both({ room: 'a' })).toEqualTypeOf<
      ChannelRef<{ text: string; bold: boolean }, { name: string }>
    >()
    expectTypeOf(both.message).toEqualTypeOf<
      StandardSchemaV1<unknown, { text: string; bold: boolean }> | undefined
    >()
  })

  it('lets a function infer both from a reference', () => {
    const take = <T, P>(ref: ChannelRef<T, P>) => ref as unknown as { message: T; presence: P }
    const chat = defineChannel('chat:{room}', {
      message: schema<Text>(),
      presence: type<{ name: string }>(),
    })
    expectTypeOf(take(chat({ room: 'a' }))).toEqualTypeOf<{
      message: Text
      presence: { name: string }
    }>()
    // @ts-expect-error the reference of one type is not that of another
    const wrong: ChannelRef<number> = defineChannel('a', { message: type<Text>() })()
    expect(wrong.name).toBe('a')
  })

  it('keeps unions, null and interfaces', () => {
    const ref = defineChannel('a', { message: type<Text | null>() })()
    expectTypeOf(ref).toEqualTypeOf<ChannelRef<Text | null>>()
    const union = defineChannel('a', { message: schema<{ a: 1 } | { b: 2 }>() })()
    expectTypeOf(union).toEqualTypeOf<ChannelRef<{ a: 1 } | { b: 2 }>>()
    expectTypeOf(defineChannel('a', { message: schema<unknown>() })()).toEqualTypeOf<
      ChannelRef<unknown>
    >()
  })

  it('refuses a schema that does not accept its own output', () => {
    // @ts-expect-error a string goes in, a number comes out
    defineChannel('a', { message: schema<string, number>() })
    // @ts-expect-error the same one level down
    defineChannel('a', { message: schema<{ at: string }, { at: Date }>() })
    // @ts-expect-error for presence too
    defineChannel('a', { message: type<1>(), presence: schema<{ n: string }, { n: number }>() })
    // What coerces accepts its output.
    defineChannel('a', { message: schema<unknown, number>() })
    defineChannel('a', { message: schema<string | undefined, string>() })
    expect.assertions(0)
  })

  it('refuses presence that is no object, and what describes nothing', () => {
    // @ts-expect-error presence is a record
    defineChannel('a', { message: type<1>(), presence: schema<string>() })
    // @ts-expect-error presence is a record
    defineChannel('a', { message: type<1>(), presence: type<string>() })
    // @ts-expect-error a description is needed
    defineChannel('a', { message: {} as { text: string } })
    expect.assertions(0)
  })

  it('any definition is an AnyChannelDefinition', () => {
    const all: AnyChannelDefinition[] = [
      defineChannel('a', { message: type<Text>() }),
      defineChannel('chat:{room}', { message: schema<Text>(), presence: type<{ n: 1 }>() }),
      defineChannel('files:*', { message: type<number>() }),
    ]
    expect(all.map((definition) => definition.pattern)).toEqual(['a', 'chat:{room}', 'files:*'])
  })

  it('a pattern the compiler does not know takes any strings', () => {
    const pattern: string = 'chat:{room}'
    const chat = defineChannel(pattern, { message: type<Text>() })
    expect(chat({ room: 'a' }).name).toBe('chat:a')
    expect(() => chat()).toThrow(/is missing/)
  })

  it('infers in and out of schemas', () => {
    type S = StandardSchemaV1<{ a?: string }, { a: string }>
    expectTypeOf<InferInput<S>>().toEqualTypeOf<{ a?: string }>()
    expectTypeOf<InferOutput<S>>().toEqualTypeOf<{ a: string }>()
    expectTypeOf<ValueOf<S>>().toEqualTypeOf<{ a: string }>()
    expectTypeOf<ValueOf<ReturnType<typeof type<Text>>>>().toEqualTypeOf<Text>()
  })
})
