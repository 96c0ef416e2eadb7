// The schema language: shapes as plain data, types inferred. Everything about how a value looks on a wire is a
// word in here; no other room spells it again.

/** What a value may look like. A shape is plain data: it can be walked, printed and compared. */
export type Shape =
  | TextShape
  | IntegerShape
  | FlagShape
  | FlagTextShape
  | TimeShape
  | JsonMapShape
  | ListShape
  | RecordShape

/** What an absent response member looks like: `''`/empty wrapper by default, or left out when `omitted`. */
interface Described {
  readonly about: string
  readonly optional?: true
  /** Response only: leave the member out when it has no value, instead of "" or an empty wrapper. */
  readonly omitted?: true
  /** Request only: announced for removal by the vendor, still accepted. */
  readonly deprecated?: true
  /** Request only: counts as not sent, whatever its value, once one of these members of the request is. */
  readonly ignoredWith?: readonly string[]
}

export interface TextShape extends Described {
  readonly kind: 'text'
  /** Request only: what is sent is kept sealed, and told nobody again, not even the caller who sent it. */
  readonly secret?: true
  readonly oneOf?: readonly string[]
  readonly minLength?: number
  readonly maxLength?: number
  /** What these count: characters (code points) when absent, characters that are no white space, or bytes of UTF-8. */
  readonly lengthIn?: 'bytes' | 'no-spaces'
  /** Source of a regular expression that the whole value must match. */
  readonly pattern?: string
  readonly default?: string
  readonly example?: string
}

export interface IntegerShape extends Described {
  readonly kind: 'integer'
  readonly min?: number
  readonly max?: number
  readonly default?: number
  readonly example?: number
}

export interface FlagShape extends Described {
  readonly kind: 'flag'
  readonly default?: boolean
}

/** A boolean that is documented as the string `"true"` or `"false"`. */
export interface FlagTextShape extends Described {
  readonly kind: 'flag-text'
}

/** Milliseconds since 1970 in the program, `yyyy-MM-ddTHH:mm:ssZ` (or to the minute) on the wire, `""` when absent. */
export interface TimeShape extends Described {
  readonly kind: 'time'
  readonly precision: 'second' | 'minute'
}

/** A JSON object inside one text parameter, such as `Parameters={"a":"b"}`. */
export interface JsonMapShape extends Described {
  readonly kind: 'json-map'
  readonly max?: number
}

export interface ListShape extends Described {
  readonly kind: 'list'
  /** `repeated`: X.1, X.2 of a request. `wrapped`: {"Set":{"Item":[]}}. `flat`: a bare array. `json`: `["a","b"]` in one text. */
  readonly form: 'repeated' | 'wrapped' | 'flat' | 'json'
  /** Name of one element, for `wrapped`. */
  readonly item: string
  readonly of: Shape
  readonly min?: number
  /** Elements that differ, where `counts` says so. */
  readonly max?: number
  readonly counts?: 'distinct'
  /** Request only, `repeated`: X alone is X.1 where no element has a number. */
  readonly bare?: true
  /** Request only, `repeated`: with empty elements alone it counts as not sent. Otherwise it was said, and its element is missing. */
  readonly mayBeEmpty?: true
}

export interface RecordShape extends Described {
  readonly kind: 'record'
  readonly fields: Fields
}

/** Members by their wire name, in wire order. */
export type Fields = Readonly<Record<string, Shape>>

/** The type of the values that a shape describes. */
export type Infer<S> = S extends { kind: 'text'; oneOf: readonly (infer O)[] }
  ? O
  : S extends { kind: 'text' }
    ? string
    : S extends { kind: 'integer' }
      ? number
      : S extends { kind: 'flag' | 'flag-text' }
        ? boolean
        : S extends { kind: 'time' }
          ? number
          : S extends { kind: 'json-map' }
            ? ReadonlyMap<string, unknown>
            : S extends { kind: 'list'; of: infer I }
              ? readonly Infer<I>[]
              : S extends { kind: 'record'; fields: infer F }
                ? InferFields<F>
                : never

type OptionalNames<F> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F]

/** The type of a record with these members: optional ones may be missing. */
export type InferFields<F> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Infer<F[K]> } & {
  readonly [K in OptionalNames<F>]?: Infer<F[K]> | undefined
}

/** The type of what is written as an answer: as `Infer`, but a list may make its entries while it is written. */
export type Written<S> = S extends { kind: 'list'; of: infer I }
  ? Iterable<Written<I>>
  : S extends { kind: 'record'; fields: infer F }
    ? WrittenFields<F>
    : Infer<S>

/** The type of a whole answer, or of a record in it. */
export type WrittenFields<F> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: Written<F[K]> } & {
  readonly [K in OptionalNames<F>]?: Written<F[K]> | undefined
}

type Options<S> = Partial<Omit<S, 'kind' | 'about' | 'optional'>>

export const text = <const O extends Options<TextShape>>(about: string, options?: O): TextShape & O =>
  ({ kind: 'text', about, ...options }) as TextShape & O

export const integer = <const O extends Options<IntegerShape>>(about: string, options?: O): IntegerShape & O =>
  ({ kind: 'integer', about, ...options }) as IntegerShape & O

export const flag = <const O extends Options<FlagShape>>(about: string, options?: O): FlagShape & O =>
  ({ kind: 'flag', about, ...options }) as FlagShape & O

export const flagText = (about: string): FlagTextShape => ({ kind: 'flag-text', about })

export const time = (about: string, precision: 'second' | 'minute' = 'second'): TimeShape => ({
  kind: 'time',
  about,
  precision,
})

export const jsonMap = (about: string, options?: Options<JsonMapShape>): JsonMapShape => ({
  kind: 'json-map',
  about,
  ...options,
})

// Not an intersection with the plain shape: its `of` and `fields` would hide the members that are declared.
type ListOf<S extends Shape> = Omit<ListShape, 'of'> & { readonly of: S }
type RecordOf<F extends Fields> = Omit<RecordShape, 'fields'> & { readonly fields: F }

/** Request: `Name.1`, `Name.2`, … */
export const repeated = <const S extends Shape>(
  about: string,
  of: S,
  limits?: { min?: number; max?: number; counts?: 'distinct'; bare?: true; mayBeEmpty?: true },
): ListOf<S> => ({
  kind: 'list',
  form: 'repeated',
  item: '',
  about,
  of,
  ...limits,
})

/** Request: a JSON array in one text parameter. */
export const jsonList = <const S extends Shape>(about: string, of: S, limits?: { max?: number }): ListOf<S> => ({
  kind: 'list',
  form: 'json',
  item: '',
  about,
  of,
  ...limits,
})

/** Response: `{"Set":{"Item":[…]}}`, in XML `<Set><Item/></Set>`. */
export const list = <const S extends Shape>(about: string, item: string, of: S): ListOf<S> => ({
  kind: 'list',
  form: 'wrapped',
  item,
  about,
  of,
})

/** Response: a bare array in JSON, in XML the member's own element repeated. */
export const flatList = <const S extends Shape>(about: string, of: S): ListOf<S> => ({
  kind: 'list',
  form: 'flat',
  item: '',
  about,
  of,
})

export const record = <const F extends Fields>(fields: F, about = ''): RecordOf<F> => ({
  kind: 'record',
  about,
  fields,
})

/** The value may be missing. */
export const optional = <const S extends Shape>(shape: S): S & { optional: true } => ({ ...shape, optional: true })

/** Response: the value may be missing, and then its member is left out. */
export const omitted = <const S extends Shape>(shape: S): S & { optional: true; omitted: true } => ({
  ...shape,
  optional: true,
  omitted: true,
})
