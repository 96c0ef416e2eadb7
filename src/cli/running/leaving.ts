import { calledAs } from '../../command-line/called-as.js'
import { onInterrupt } from '../../command-line/interrupts.js'
import type { Terminal } from '../../command-line/terminal.js'
import { type ConnectionValues, sameServer } from '../settings.js'

/** Ctrl-C leaves what is waited for; it goes on without anybody who looks. */
export class Leaving implements Disposable {
  readonly #controller = new AbortController()
  readonly #listening = onInterrupt(() => this.#controller.abort())
  readonly signal: AbortSignal = this.#controller.signal;

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }
}

/** Lines that can be typed to come back to invocations, or to stop them. */
export const laterText = (
  invocations: readonly { readonly invokeId: string }[],
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const ids = invocations.map(({ invokeId }) => invokeId).join(' ')
  const line = (verb: string): string =>
    `${calledAs(terminal.cwd)} invocations ${verb} ${ids}${sameServer(connection, terminal)}`
  return `  Come back: ${line('watch')}\n  Stop it:   ${line('stop')}`
}
