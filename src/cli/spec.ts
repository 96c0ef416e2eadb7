import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../command-line/package-root.js'

// spec/operations.json: what the server's operations take and answer, generated from their declarations.

export interface SpecShape {
  readonly kind: 'text' | 'integer' | 'flag' | 'flag-text' | 'time' | 'json-map' | 'list' | 'record'
  readonly about: string
  readonly optional?: boolean
  readonly deprecated?: boolean
  readonly oneOf?: readonly string[]
  readonly min?: number
  readonly max?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly default?: string | number | boolean
  readonly example?: string | number
  /** Of a list. */
  readonly form?: 'repeated' | 'wrapped' | 'flat' | 'json'
  readonly item?: string
  readonly of?: SpecShape
  /** Of a record. */
  readonly fields?: SpecFields
}

export type SpecFields = Readonly<Record<string, SpecShape>>

export interface SpecOperation {
  readonly name: string
  readonly summary: string
  readonly access: 'read' | 'write'
  /** Of its API, where that is not the one of product Ecs. */
  readonly version?: string
  readonly regionless?: boolean
  readonly request: SpecFields
  readonly response: SpecFields
  readonly errors: readonly { readonly code: string; readonly status: number; readonly message: string }[]
}

/** The operations by name. The file ships with the program, so its form is not doubted. */
export const readOperations = (): ReadonlyMap<string, SpecOperation> => {
  const file = join(packageRoot(import.meta.url), 'spec', 'operations.json')
  const { operations } = JSON.parse(readFileSync(file, 'utf8')) as { readonly operations: readonly SpecOperation[] }
  return new Map(operations.map((operation) => [operation.name, operation]))
}
