// The part of Standard Schema v1 (https://standardschema.dev) that Chan uses, as types only:
// zod, valibot, arktype and others implement it, none of them is a dependency.

/** One complaint of a schema. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string
  /** Where in the value: keys, or objects with a `key`. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema answers: the validated value (with defaults and trims applied), or its complaints. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A validator that speaks Standard Schema v1; it may answer at once or with a promise. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    /** The library that made the schema. */
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    /** Present in the type only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type Types<S extends StandardSchemaV1> = NonNullable<S['~standard']['types']>

/** What a schema accepts. */
export type InferInput<S extends StandardSchemaV1> = Types<S>['input']

/** What a schema gives. */
export type InferOutput<S extends StandardSchemaV1> = Types<S>['output']
