import type { Repeatable, Scope } from './scope.js'

/** Answers that were given to requests with a ClientToken. */
export interface RepeatStore {
  /**
   * Keeps the answer in the transaction of its effect, so that a token can never have an effect without an answer.
   * Fault: `idempotency/processing` when another transaction was first.
   */
  keep(scope: Scope, repeat: Repeatable, answer: unknown, now: number): Promise<void>
}
