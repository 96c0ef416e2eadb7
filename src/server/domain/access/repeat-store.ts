import type { Repeatable, Scope } from './scope.js'

/** Answers that were given to requests with a ClientToken, in the domain's words. */
export interface RepeatReader {
  /** The first answer to this token. Fault: `idempotency/mismatch` when it came with other parameters. */
  find(scope: Scope, repeat: Repeatable): Promise<{ readonly answer: unknown } | undefined>
}

export interface RepeatStore extends RepeatReader {
  /**
   * Keeps the answer in the transaction of its effect, so that a token can never have an effect without an answer.
   * Fault: `idempotency/processing` when another transaction was first.
   */
  keep(scope: Scope, repeat: Repeatable, answer: unknown, now: number): Promise<void>
}
