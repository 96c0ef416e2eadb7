import { readdirSync, readFileSync } from 'node:fs'
import type { AssemblySettings } from '../../src/server/assemble.js'
import type { Seed } from './seed.js'

/** What is there, what is asked, what comes back. */
export interface Case {
  readonly action: string
  readonly title: string
  /** Time of the server when it begins. */
  readonly at: number
  readonly settings: Partial<AssemblySettings>
  readonly seed: readonly Seed[]
  readonly parameters: Readonly<Record<string, string>>
  /** Sent so many times at once; one of the answers is the one. */
  readonly atOnce: number
  readonly answer: Expected
}

export interface Expected {
  readonly status: number
  /** The JSON answer, members in order. */
  readonly body: unknown
  /** The XML answer where the documentation shows it; else it is the same tree as `body`. */
  readonly xml?: string
  /** Members beyond those of `body`, which must be there. */
  readonly extras: readonly string[]
}

interface CaseFile {
  readonly title: string
  readonly at?: string
  readonly settings?: Partial<AssemblySettings>
  readonly seed?: readonly Seed[]
  readonly request: { readonly parameters: Readonly<Record<string, string>> }
  readonly answer: Omit<Expected, 'extras'> & { readonly extras?: readonly string[] }
}

interface ErrorsFile {
  readonly seed: readonly Seed[]
  readonly parameters: Readonly<Record<string, string>>
  readonly errors: readonly {
    readonly title: string
    readonly settings?: Partial<AssemblySettings>
    /** After the seed of the file. */
    readonly seed?: readonly Seed[]
    /** Over the parameters of the file; null takes one away. */
    readonly parameters: Readonly<Record<string, string | null>>
    readonly atOnce?: number
    readonly answer: {
      readonly status: number
      readonly code: string
      readonly message: string
      /** Beside what is documented: which of what was sent it is. */
      readonly detail?: string
    }
  }[]
}

const folder = new URL('cases/', import.meta.url)
const SOME_DAY = '2021-03-15T08:00:30Z'

const merged = (
  base: Readonly<Record<string, string>>,
  over: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries({ ...base, ...over }).filter((pair): pair is [string, string] => pair[1] !== null))

const errorCases = (action: string, { seed, parameters, errors }: ErrorsFile): readonly Case[] =>
  errors.map((one) => ({
    action,
    title: one.title,
    at: Date.parse(SOME_DAY),
    settings: one.settings ?? {},
    seed: [...seed, ...(one.seed ?? [])],
    parameters: merged(parameters, one.parameters),
    atOnce: one.atOnce ?? 1,
    answer: {
      status: one.answer.status,
      body: {
        Code: one.answer.code,
        Message: one.answer.message,
        ...(one.answer.detail === undefined ? {} : { Detail: one.answer.detail }),
      },
      extras: ['RequestId', 'HostId', 'Recommend'],
    },
  }))

const singleCase = (action: string, file: CaseFile): Case => ({
  action,
  title: file.title,
  at: Date.parse(file.at ?? SOME_DAY),
  settings: file.settings ?? {},
  seed: file.seed ?? [],
  parameters: file.request.parameters,
  atOnce: 1,
  answer: { ...file.answer, extras: file.answer.extras ?? [] },
})

const actions = (): readonly string[] => readdirSync(folder).sort((one, other) => (one < other ? -1 : 1))

/** Every case, by action. */
export const readCases = (): ReadonlyMap<string, readonly Case[]> =>
  new Map(
    actions().map((action) => {
      const names = readdirSync(new URL(`${action}/`, folder)).sort((one, other) => (one < other ? -1 : 1))
      const cases = names.flatMap((name) => {
        const file = JSON.parse(readFileSync(new URL(`${action}/${name}`, folder), 'utf8')) as CaseFile | ErrorsFile
        return 'errors' in file ? errorCases(action, file) : [singleCase(action, file)]
      })
      return [action, cases]
    }),
  )
