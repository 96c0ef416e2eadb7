import type { Fields, InferFields, WrittenFields } from '../../schema/shape.js'
import type { Flaw } from '../../schema/validate.js'
import type { Caller, Repeatable, Scope } from '../domain/access/scope.js'
import type { Domain } from '../domain/domain.js'
import type { FaultKind } from '../domain/faults.js'
import type { PageTokens } from './paging.js'

/** The vendor's products that operations are of: each has a version of its API, and a name in permissions. */
export const PRODUCTS = {
  Ecs: { version: '2014-05-26', permissions: 'ecs' },
  /** Its parameter store alone (ADR 0014). */
  Oos: { version: '2019-06-01', permissions: 'oos' },
} as const

export type Product = keyof typeof PRODUCTS

export const productOf = ({ product = 'Ecs' }: { readonly product?: Product }): (typeof PRODUCTS)[Product] =>
  PRODUCTS[product]

/** What validation can find wrong with one parameter. */
export type Problem = Flaw

/** A fault of the domain, or a parameter with a problem, such as `InstanceId/too-many`. */
export type Reason = FaultKind | `${string}/${Problem}`

/** One row of an operation's error table. */
export interface ErrorRow {
  readonly code: string
  readonly status: number
  /** `%s` takes the fault's values in order. */
  readonly message: string
  /** What leads to it; absent for rows that this server never answers (`note` says why). */
  readonly when?: Reason | readonly Reason[] | undefined
  /** Why a documented row is never answered here. */
  readonly note?: string | undefined
}

export const error = (code: string, status: number, message: string, when?: Reason | readonly Reason[]): ErrorRow => ({
  code,
  status,
  message,
  when,
})

/** A documented error that this server has no occasion to answer. */
export const neverAnswered = (code: string, status: number, message: string, note: string): ErrorRow => ({
  code,
  status,
  message,
  note,
})

/** What a handler gets besides the domain: a request that was parsed and validated, and who asks. */
export interface Call<Q> {
  readonly request: Q
  readonly scope: Scope
  readonly caller: Caller
  /** Present when the request carried a ClientToken. */
  readonly repeat: Repeatable | undefined
  readonly pageTokens: PageTokens
}

export interface OperationDeclaration<Q extends Fields, R extends Fields, D> {
  readonly name: string
  readonly summary: string
  readonly access: 'read' | 'write'
  /** Ecs when absent. */
  readonly product?: Product
  readonly permission: {
    /** Relative resource ids, such as `instance/i-1` or `command/*`. */
    readonly resources: (request: InferFields<Q>) => readonly string[]
  }
  /** RegionId is left out of the request and need not be sent. */
  readonly regionless?: true
  /** An operation of this server's own, beside the vendor's. */
  readonly addition?: true
  readonly request: Q
  readonly response: R
  readonly errors: readonly ErrorRow[]
  /**
   * Checks that cross parameters or need more than the shape language says. Returns the first reason, or undefined.
   */
  readonly check?: (request: InferFields<Q>, domain: D) => Reason | undefined
  readonly handle: (call: Call<InferFields<Q>>, domain: D) => Promise<WrittenFields<R>>
}

/** An operation as the door sees it: its types are behind it. */
export interface Operation {
  readonly name: string
  readonly summary: string
  readonly access: 'read' | 'write'
  readonly product?: Product
  readonly permission: { readonly resources: (request: never) => readonly string[] }
  readonly regionless?: true
  readonly addition?: true
  readonly request: Fields
  readonly response: Fields
  readonly errors: readonly ErrorRow[]
  readonly check?: (request: never, domain: Domain) => Reason | undefined
  readonly handle: (call: Call<never>, domain: Domain) => Promise<unknown>
}

/** Declares one API action (style.md §3). Everything else about it is derived. */
export const defineOperation = <const Q extends Fields, const R extends Fields, D extends Partial<Domain>>(
  declaration: OperationDeclaration<Q, R, D>,
): OperationDeclaration<Q, R, D> => declaration
