// Where runtimes of containers differ (agent-protocol.md §6.6). One file per kind of socket beside this one.

export interface Container {
  readonly id: string
  readonly names: readonly string[]
  /** In capital letters, such as RUNNING. */
  readonly state: string
}

/** A script that runs in a container. */
export interface RunningExec {
  /** Exit code; rejects with `RuntimeFailure`. */
  readonly ended: Promise<number>
  /** Lets go of it; what runs in the container is not ended by this. */
  close(): void
}

export interface ExecRequest {
  readonly containerId: string
  /** Program and arguments. */
  readonly command: readonly string[]
  /** The buffer is used again after it returns. */
  readonly onOutput: (bytes: Uint8Array) => void
}

export interface ContainerRuntime {
  /** Containers whose id begins so, or with this name where no id is given. Rejects with `RuntimeFailure`. */
  list(id: string, name: string): Promise<readonly Container[]>
  /** Starts a program. Rejects with `RuntimeFailure`. */
  exec(request: ExecRequest): Promise<RunningExec>
}

/** A runtime is not there, does not answer in time, or says that it cannot. */
export class RuntimeFailure extends Error {
  override readonly name = 'RuntimeFailure'
  readonly kind: 'unreachable' | 'timeout' | 'internal'

  constructor(kind: RuntimeFailure['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Longest answer to any question; scripts take as long as they take. */
export const ANSWER_MS = 10_000
/** Longest answer that is read. */
export const ANSWER_LIMIT = 16 * 1024 * 1024
