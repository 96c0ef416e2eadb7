import { EXIT } from './exit-codes.js'

/** The command line is wrong: the message says what, and the program adds where help is. Exit status 2. */
export class UsageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'UsageError'
  }
}

/** An expected failure, told in the message without a stack. `advice` says what a person can do about it. */
export class CommandFailure extends Error {
  readonly exitCode: number
  readonly advice: readonly string[]
  /** What programs tell it by; `''` where it has no code. */
  readonly code: string = ''
  readonly requestId: string = ''

  constructor(
    message: string,
    detail: { readonly exitCode?: number; readonly advice?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: detail.cause })
    this.name = 'CommandFailure'
    this.exitCode = detail.exitCode ?? EXIT.failure
    this.advice = detail.advice ?? []
  }
}
