import type { ExitCode } from './exit-codes.js'
import type { Options, ValuesOf } from './options.js'
import type { Terminal } from './terminal.js'

export interface Positional {
  /** Upper case, such as `ACTION`. */
  readonly name: string
  readonly about: string
  readonly optional?: true
  /** Takes all that follow; only the last one may. */
  readonly many?: true
  /** Left out of the help. */
  readonly hidden?: true
}

export interface Example {
  readonly about: string
  /** The command line, without a prompt. */
  readonly line: string
}

export interface HelpTable {
  readonly title: string
  readonly rows: readonly { readonly left: string; readonly right: string }[]
}

/** What a handler gets: values that were parsed and checked. */
export interface Call<O extends Options> {
  readonly options: ValuesOf<O>
  /** The words before `--`. */
  readonly words: readonly string[]
  /** The words after `--`; undefined without it. */
  readonly rest: readonly string[] | undefined
  readonly terminal: Terminal
}

/** One subcommand: everything about it is said here, the rest is derived (style.md §7). */
export interface SubcommandDeclaration<O extends Options> {
  /** As typed, such as `agent run`. */
  readonly name: string
  readonly summary: string
  /** Paragraphs for its help. */
  readonly description?: readonly string[]
  readonly positionals?: readonly Positional[]
  /** What may follow `--`. */
  readonly rest?: Positional
  readonly options: O
  readonly examples?: readonly Example[]
  /** Beside 0, 1 and 2, which mean the same everywhere. */
  readonly exitCodes?: readonly ExitCode[]
  /** Further tables for its help. */
  readonly tables?: readonly HelpTable[]
  /**
   * A more exact declaration for these words (those after the name), for a subcommand whose options depend on them.
   * Undefined: this one. May throw `UsageError`.
   */
  readonly refine?: (words: readonly string[]) => Subcommand | undefined
  /** @returns the exit status. May throw `UsageError` and `CommandFailure`. */
  readonly run: (call: Call<O>) => Promise<number>
}

/** A subcommand as the program sees it: the types of its options are behind it. */
export interface Subcommand extends Omit<SubcommandDeclaration<Options>, 'run'> {
  readonly run: (call: Call<never>) => Promise<number>
}

export const defineSubcommand = <const O extends Options>(
  declaration: SubcommandDeclaration<O>,
): SubcommandDeclaration<O> => declaration

/** What the program knows of a subcommand before it is asked for: how to load it. */
export interface SubcommandEntry {
  readonly name: string
  /** Heading in the program's help. */
  readonly group: string
  readonly load: () => Promise<Subcommand>
}
