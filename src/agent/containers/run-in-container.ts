import { type Platform, TREE_TOKEN } from '../platform/platform.js'
import { failed } from '../tasks/refusal.js'
import { RuntimeFailure } from './container-runtime.js'
import { type FoundContainer, runtimeFailed } from './find-container.js'

export interface ContainerScript {
  readonly platform: Platform
  readonly container: FoundContainer
  readonly script: Buffer
  /** Marks every process of this script. */
  readonly token: string
  readonly onOutput: (bytes: Uint8Array) => void
}

export interface RunningInContainer {
  /** Exit code. Rejects with `TaskRefusal` when the runtime fails. */
  readonly ended: Promise<number>
  /**
   * Kills the script with everything that it started. Its processes are this host's too, and carry the token. Rejects
   * with `TaskRefusal` when it could not be ended, as of an agent that does not see the processes of containers.
   */
  kill(): Promise<void>
}

/** A process that was killed is gone for its runtime within this time. */
const KILL_WAIT_MS = 2_000

/** Runs a script by the shell of a container; its first line does not count. Rejects with `TaskRefusal`. */
export const startInContainer = async (start: ContainerScript): Promise<RunningInContainer> => {
  const { platform, container, token } = start
  // A script comes as one argument, without a file in the container.
  const mark = `${TREE_TOKEN}=$1; export ${TREE_TOKEN}; exec /bin/sh -c "$0"`
  const command = ['/bin/sh', '-c', mark, start.script.toString(), token]
  const asRefusal = (error: unknown): never => {
    throw error instanceof RuntimeFailure ? runtimeFailed(error) : error
  }
  const { containerId, runtime } = container
  const running = await runtime.exec({ containerId, command, onOutput: start.onOutput }).catch(asRefusal)
  const ended = running.ended.catch(asRefusal)
  // It may fail while nobody looks yet.
  ended.catch(() => undefined)
  return {
    ended,
    async kill() {
      await platform.killTree({ leader: undefined, token })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(() => resolve(true), KILL_WAIT_MS)
      })
      const isLate = await Promise.race([
        ended.then(
          () => false,
          () => false,
        ),
        late,
      ])
      clearTimeout(timer)
      running.close()
      if (isLate) {
        throw failed(
          'ContainerRuntimeInternalError',
          'the script in the container could not be ended, it may run on: this agent does not see its processes',
        )
      }
    },
  }
}
