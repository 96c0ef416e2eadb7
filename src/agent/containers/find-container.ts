import { failed, invalid, type TaskRefusal } from '../tasks/refusal.js'
import { type Container, type ContainerRuntime, RuntimeFailure } from './container-runtime.js'

/** A socket that containers are reached by. */
export interface ContainerSocket {
  /** What an id may name it by, as `containerd` in `containerd://…`. */
  readonly runtime: 'docker' | 'containerd' | 'cri-o'
  readonly kind: 'docker' | 'cri'
  readonly path: string
}

/** Where runtimes listen, in the order in which they are asked (agent-protocol.md §6.6). */
export const containerSockets = (environment: NodeJS.ProcessEnv): readonly ContainerSocket[] => [
  { runtime: 'docker', kind: 'docker', path: dockerSocket(environment['DOCKER_HOST']) },
  { runtime: 'containerd', kind: 'cri', path: '/run/containerd/containerd.sock' },
  { runtime: 'cri-o', kind: 'cri', path: '/run/crio/crio.sock' },
  { runtime: 'docker', kind: 'cri', path: '/var/run/cri-dockerd.sock' },
]

const dockerSocket = (host: string | undefined): string =>
  host?.startsWith('unix://') === true ? host.slice('unix://'.length) : '/var/run/docker.sock'

export interface FoundContainer {
  readonly containerId: string
  readonly runtime: ContainerRuntime
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/
const ID = /^(?:([^:/]*):\/\/)?(.*)$/

/**
 * The one running container that is meant; by id, by name, or by both, which must denote the same.
 * @throws TaskRefusal with the vendor's codes and words (agent-protocol.md §6.6)
 */
export const findContainer = async (
  wantedId: string,
  wantedName: string,
  sockets: readonly ContainerSocket[],
): Promise<FoundContainer> => {
  const [, named, id = ''] = ID.exec(wantedId) ?? []
  if (wantedName !== '' && !NAME.test(wantedName))
    throw refusal('InvalidContainerName', 'The specified containerName is not valid.')
  if (wantedId !== '' && !/^[0-9a-f]{12,64}$/.test(id))
    throw refusal('InvalidContainerId', 'The specified containerId is not valid.')
  const asked = sockets.filter((socket) => named === undefined || socket.runtime === named)
  if (asked.length === 0) {
    throw refusal('UnsupportedContainerRuntime', 'The container runtime specified in the containerId is not supported.')
  }
  const { found, runtime } = await search(id, wantedName, asked)
  const [first] = found.filter((container) => wantedName === '' || container.names.includes(wantedName))
  if (first === undefined) {
    throw id !== '' && found.length > 0
      ? refusal(
          'ContainerNameAndIdNotMatch',
          `The container whose container ID is ${id}, the name is not ${wantedName}.`,
        )
      : refusal('ContainerNotFound', 'The specified container does not exist.')
  }
  if (found.length > 1) {
    throw refusal(
      'ContainerNameDuplicated',
      'The container for the command to be executed cannot be identified because the instance has a container with the same name.',
    )
  }
  if (first.state !== 'RUNNING') {
    throw refusal(
      'ContainerStateAbnormal',
      `The state of the specified container is abnormal. Current state is ${first.state}`,
    )
  }
  return { containerId: first.id, runtime }
}

const refusal = (code: string, text: string): TaskRefusal => invalid(code, `${code}: ${text}`)

/** The first runtime that has such a container. A socket that nobody listens on is not there. */
const search = async (
  id: string,
  name: string,
  sockets: readonly ContainerSocket[],
): Promise<{ found: readonly Container[]; runtime: ContainerRuntime }> => {
  let reached: ContainerRuntime | undefined
  let away: RuntimeFailure | undefined
  let failure: RuntimeFailure | undefined
  for (const socket of sockets) {
    const runtime = await runtimeOf(socket)
    try {
      const found = (await runtime.list(id, name)).filter((one) =>
        id === '' ? one.names.includes(name) : one.id.startsWith(id),
      )
      reached = runtime
      if (found.length > 0) return { found, runtime }
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
      if (error.kind === 'unreachable') away ??= error
      else failure ??= error
    }
  }
  // One that did not answer may have had it.
  if (failure !== undefined) throw runtimeFailed(failure)
  if (reached !== undefined) return { found: [], runtime: reached }
  throw refusal('ContainerConnectFailed', `Unable to connect to container to invoke command. ${away?.message ?? ''}`)
}

/** Loaded when a task is for a container: an idle agent does without them. */
const runtimeOf = async ({ kind, path }: ContainerSocket): Promise<ContainerRuntime> =>
  kind === 'docker' ? (await import('./docker.js')).dockerRuntime(path) : (await import('./cri.js')).criRuntime(path)

/** How a task ends whose runtime failed. */
export const runtimeFailed = (failure: RuntimeFailure): TaskRefusal =>
  failed(
    failure.kind === 'timeout' ? 'ContainerRuntimeTimeout' : 'ContainerRuntimeInternalError',
    failure.message,
    failure,
  )
