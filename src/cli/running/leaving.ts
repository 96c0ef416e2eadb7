import { calledAs } from '../../command-line/called-as.js'
import { onInterrupt } from '../../command-line/interrupts.js'
import type { Terminal } from '../../command-line/terminal.js'
import type { Rollout } from '../rollouts/rollouts.js'
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

const isPaused = ({ status }: Rollout): boolean => status === 'Paused'

/**
 * What becomes of it when nobody looks any more: what is paused does not go on.
 * @param goesOn what is said of the others
 * @param rollouts those of them that are known
 */
export const leftText = (invocations: Ids, rollouts: ReadonlyMap<string, Rollout>, goesOn: string): string => {
  const paused = [...rollouts.values()].filter(isPaused)
  const isAlone = invocations.length === 1
  const told = paused.map(({ invokeId, resumeTime }) => {
    const until = resumeTime === '' ? 'somebody resumes it' : resumeTime
    return `${isAlone ? 'it' : invokeId} is paused until ${until}: until then, no host gets its turn`
  })
  return `Left; ${[...(paused.length < invocations.length ? [goesOn] : []), ...told].join('; ')}.`
}

/** Lines that go on with what is paused, or end it; `''` where nothing is. */
export const pausedText = (
  rollouts: ReadonlyMap<string, Rollout>,
  connection: ConnectionValues,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): string => {
  const line = lineFor(connection, terminal)
  return [...rollouts.values()]
    .filter(isPaused)
    .flatMap(({ invokeId }) => [
      `\n  Go on:     ${line(`rollouts resume ${invokeId}`)}`,
      `\n  End it:    ${line(`rollouts cancel ${invokeId}`)}`,
    ])
    .join('')
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
