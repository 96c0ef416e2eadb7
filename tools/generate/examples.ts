import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A conformance case that is good to read: what is sent and what comes back. */
export interface Example {
  readonly title: string
  readonly parameters: Readonly<Record<string, string>>
  readonly status: number
  readonly body: unknown
}

interface Case {
  readonly title: string
  readonly example?: true
  readonly request: { readonly parameters: Readonly<Record<string, string>> }
  readonly answer: { readonly status: number; readonly body: unknown }
}

const readCase = (path: string): Case => JSON.parse(readFileSync(path, 'utf8')) as Case

/** The cases of an action that are marked as examples, by file name. */
export const readExamples = (cases: string, action: string): readonly Example[] => {
  let names: string[]
  try {
    names = readdirSync(join(cases, action))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .sort((one, other) => (one < other ? -1 : 1))
    .map((name) => readCase(join(cases, action, name)))
    .filter((one) => one.example === true)
    .map(({ title, request, answer }) => ({
      title,
      parameters: request.parameters,
      status: answer.status,
      body: answer.body,
    }))
}
