import type { Scope } from './scope.js'

/** One thing that changed something: who, what, to what. Holds no content, output or parameter. */
export interface AuditEntry {
  readonly accountId: string
  readonly regionId: string
  readonly at: number
  /** An AccessKey id, or an instance id for what an agent did, or `server`. */
  readonly actor: string
  /** An API action, or `agent/…`, or `sweep/…`. */
  readonly action: string
  readonly subject: string
  readonly detail: Readonly<Record<string, string | number | boolean>>
}

/** Who is told as the actor of what a request changed. */
export const actorOf = (scope: Scope): string => scope.actor ?? 'server'
