import { Fault } from '../../domain/faults.js'

/**
 * Why a database cannot be used, for the operator at a start: which one, without its password, and what it or the
 * network said.
 */
export const unusable = (database: string, cause: unknown): Error => {
  const url = new URL(database)
  const place = `${url.host || (url.searchParams.get('host') ?? 'this machine')}${url.pathname}`
  return new Error(`PostgreSQL at ${place} cannot be used: ${reasonOf(cause)}`, { cause })
}

const reasonOf = (cause: unknown): string => {
  // What the database said is below the fault that everybody else is told.
  if (cause instanceof Fault && cause.cause !== undefined) return reasonOf(cause.cause)
  // A name with several addresses: each was tried, and the text is empty.
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(reasonOf))].join('; ')
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause)
}
