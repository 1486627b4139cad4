// The parameters of a channel pattern, read from its literal type.

type Keys<Text extends string> = Text extends `${infer Segment}:${infer Rest}`
  ? Key<Segment> | Keys<Rest>
  : Key<Text>

type Key<Segment extends string> = Segment extends `{${infer Name}}`
  ? Name
  : Segment extends '*'
    ? '*'
    : never

/**
 * What a pattern asks for: `{ room: string }` for 'chat:{room}', `{ '*': string }` for 'files:*',
 * no keys where it has no parameters, any keys where the pattern is not known to the compiler.
 */
export type PatternParams<Source extends string> = string extends Source
  ? Readonly<Record<string, string>>
  : { readonly [K in Keys<Source>]: string }
