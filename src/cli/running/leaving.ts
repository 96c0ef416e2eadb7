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

type Ids = readonly { readonly invokeId: string }[]

/** Writes lines that can be typed in the same shell, for the same server. */
const lineFor =
  (connection: ConnectionValues, terminal: Pick<Terminal, 'cwd' | 'env'>) =>
  (words: string): string =>
    `${calledAs(terminal.cwd)} ${words}${sameServer(connection, terminal)}`

/** Lines that can be typed to come back to invocations, or to stop them. */
export const laterText = (
  invocations: Ids,
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const ids = invocations.map(({ invokeId }) => invokeId).join(' ')
  const line = lineFor(connection, terminal)
  return `  Come back: ${line(`invocations watch ${ids}`)}\n  Stop it:   ${line(`invocations stop ${ids}`)}`
}

/** The same for what runs again and again: nobody waits for its end. */
export const scheduleText = (
  invocations: Ids,
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const ids = invocations.map(({ invokeId }) => invokeId)
  const line = lineFor(connection, terminal)
  return [
    ...ids.map((id) => `  Its runs:  ${line(`results ${id} --history`)}`),
    `  Watch it:  ${line(`invocations watch ${ids.join(' ')}`)}`,
    `  Stop it:   ${line(`invocations stop ${ids.join(' ')}`)}`,
  ].join('\n')
}

/** The same for sent files, which cannot be stopped: only who waits for a turn can be left out. */
export const sendText = (
  sends: Ids,
  isInTurns: boolean,
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const line = lineFor(connection, terminal)
  const ids = sends.map(({ invokeId }) => invokeId)
  return [
    `  Come back: ${line(`invocations watch ${ids.join(' ')}`)}`,
    ...ids.map((id) => `  Results:   ${line(`files show ${id}`)}`),
    ...(isInTurns
      ? ids.flatMap((id) => [
          `  Turns:     ${line(`rollouts show ${id}`)}`,
          `  Go on:     ${line(`rollouts resume ${id}`)}`,
          `  End it:    ${line(`rollouts cancel ${id}`)}`,
        ])
      : []),
  ].join('\n')
}
