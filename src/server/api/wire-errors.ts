// What went wrong, as the wire says it (style.md §8). Messages come from tables; details of a failure never travel.
import { documentedRow, type FindErrorRow, GATEWAY_ERRORS } from '../contract/common-errors.js'
import type { ErrorRow, Reason } from '../contract/define-operation.js'
import { Fault } from '../domain/faults.js'
import type { Format } from './http.js'

interface Extras {
  readonly headers?: Readonly<Record<string, string>>
  /** An object member of the body, such as AccessDeniedDetail (rpc.md §4.5). */
  readonly detail?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Member `Detail` of the body, beside what is documented: which of what was sent it is (docs/adr/0006). */
  readonly which?: string
  /** A body, if there is one, was not read to its end: the connection cannot be used again. */
  readonly close?: true
}

/** An answer that is an error: code, status, message. */
export class WireError extends Error {
  readonly code: string
  readonly status: number
  readonly extras: Extras
  /** What the caller asked for, as far as it can be told of a request that could not be decoded. */
  format: Format | undefined

  constructor(row: ErrorRow, values: readonly (string | number)[] = [], extras: Extras = {}) {
    super(fill(row.message, values))
    this.name = 'WireError'
    this.code = row.code
    this.status = row.status
    this.extras = extras
  }
}

/** What of an operation the errors need. */
export interface DocumentedErrors {
  readonly errors: readonly ErrorRow[]
  readonly findRow: FindErrorRow
}

/** Any throw as an answer. What is neither a fault with a row nor a wire error is a failure of the server. */
export const toWireError = (thrown: unknown, operation: DocumentedErrors | undefined): WireError => {
  if (thrown instanceof WireError) return thrown
  if (thrown instanceof Fault) {
    const row =
      operation?.findRow(thrown.kind) ?? (thrown.kind === 'store/unavailable' ? GATEWAY_ERRORS.unavailable : undefined)
    const extras = thrown.detail === undefined ? {} : { which: thrown.detail }
    if (row !== undefined) return new WireError(row, thrown.values, extras)
  }
  return internalError(operation)
}

/** The error that a reason leads to. A reason without a row is a bug, told as a failure. */
export const errorOf = (reason: Reason, operation: DocumentedErrors): WireError => {
  const row = operation.findRow(reason)
  return row === undefined ? internalError(operation) : new WireError(row)
}

const DISPATCH: ErrorRow = { ...GATEWAY_ERRORS.internal, code: 'InternalError.Dispatch' }

/** A failure of the server: by the operation's own row for one, where it documents any. */
const internalError = (operation: DocumentedErrors | undefined): WireError => {
  const errors = operation?.errors ?? []
  const known = [DISPATCH, GATEWAY_ERRORS.internal].find(({ code }) => errors.some((row) => row.code === code))
  const other = errors.find(({ status, when }) => status === 500 && when === 'store/unavailable')
  return new WireError(documentedRow(errors, known ?? other ?? GATEWAY_ERRORS.internal))
}

const fill = (message: string, values: readonly (string | number)[]): string => {
  if (!message.includes('%s')) return message
  let next = 0
  return message.replace(/%s/g, () => String(values[next++] ?? ''))
}
