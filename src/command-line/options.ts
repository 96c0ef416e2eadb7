// The words in which a subcommand declares what it takes. Plain data: parsing, help and the types of the values come
// from it.

interface Described {
  readonly about: string
  /** What stands for the value in help, such as `HOST:PORT`. */
  readonly value?: string
  /** One letter. */
  readonly short?: string
  /** Environment variable that gives the value when the option is absent. */
  readonly env?: string
  /** Heading in the help; without it, `Options`. */
  readonly group?: string
  /** Left out of the help. */
  readonly hidden?: true
}

export interface TextOption extends Described {
  readonly kind: 'text'
  readonly default?: string
  readonly required?: true
  readonly oneOf?: readonly string[]
  /** An empty value is allowed; otherwise it counts as a mistake. */
  readonly mayBeEmpty?: true
}

/** May be given several times. */
export interface TextsOption extends Described {
  readonly kind: 'texts'
  readonly oneOf?: readonly string[]
  readonly mayBeEmpty?: true
}

export interface IntegerOption extends Described {
  readonly kind: 'integer'
  readonly min?: number
  readonly max?: number
  readonly default?: number
}

export interface FlagOption extends Described {
  readonly kind: 'flag'
}

/** `name=value`, may be given several times; without `=`, the value is undefined. */
export interface PairsOption extends Described {
  readonly kind: 'pairs'
  /** `name` alone is a mistake. */
  readonly valueRequired?: true
}

export type Option = TextOption | TextsOption | IntegerOption | FlagOption | PairsOption
export type Options = Readonly<Record<string, Option>>

export interface Pair {
  readonly name: string
  readonly value: string | undefined
}

/** The type of an option's value. */
export type ValueOf<O> = O extends { kind: 'text'; oneOf: readonly (infer V)[] }
  ? V | Missing<O>
  : O extends { kind: 'text' }
    ? string | Missing<O>
    : O extends { kind: 'integer' }
      ? number | Missing<O>
      : O extends { kind: 'texts'; oneOf: readonly (infer V)[] }
        ? readonly V[]
        : O extends { kind: 'texts' }
          ? readonly string[]
          : O extends { kind: 'pairs' }
            ? readonly Pair[]
            : O extends { kind: 'flag' }
              ? boolean
              : never

type Missing<O> = O extends { default: string | number } | { required: true } ? never : undefined

export type ValuesOf<O> = { readonly [K in keyof O]: ValueOf<O[K]> }

type Detail<O> = Partial<Omit<O, 'kind' | 'about'>>

export const text = <const D extends Detail<TextOption>>(about: string, detail?: D): TextOption & D =>
  ({ kind: 'text', about, ...detail }) as TextOption & D

export const texts = <const D extends Detail<TextsOption>>(about: string, detail?: D): TextsOption & D =>
  ({ kind: 'texts', about, ...detail }) as TextsOption & D

export const integer = <const D extends Detail<IntegerOption>>(about: string, detail?: D): IntegerOption & D =>
  ({ kind: 'integer', about, ...detail }) as IntegerOption & D

export const flag = (about: string, detail?: Detail<FlagOption>): FlagOption => ({ kind: 'flag', about, ...detail })

export const pairs = (about: string, detail?: Detail<PairsOption>): PairsOption => ({ kind: 'pairs', about, ...detail })
