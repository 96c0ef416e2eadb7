import { stat } from 'node:fs/promises'
import type { TaskEntry } from '../../protocol/messages/task-list.js'
import { type ContainerSocket, findContainer, type FoundContainer } from '../containers/find-container.js'
import type { Platform, RunAsUser } from '../platform/platform.js'
import { fillBuiltInParameters } from './built-in-parameters.js'
import { decodeBase64 } from './decode-script.js'
import { ERROR_CODE, failed, invalid } from './refusal.js'
import type { TaskIdentity } from './result.js'

/** A task whose every value is usable on this host. */
export interface CheckedTask {
  readonly identity: TaskIdentity
  readonly script: Buffer
  /** What is in the script and must not be told or stay on the disk. */
  readonly secrets: readonly string[]
  /** Undefined: the agent's own user. */
  readonly user: RunAsUser | undefined
  readonly home: string
  readonly workingDirectory: string
  /** Undefined: no limit. */
  readonly timeoutSeconds: number | undefined
  readonly output: TaskEntry['output']
  /** Program and arguments that start the script, `SCRIPT_FILE` for its path; undefined: its first line says. */
  readonly launcher: readonly string[] | undefined
  /** File name of the script. */
  readonly scriptName: string
  /** What is ended on a stop and at the time limit: the script's own process, or all that it started. */
  readonly ends: 'process' | 'tree'
  /** Where the script runs; undefined: on the host itself. */
  readonly container: FoundContainer | undefined
}

/** What a check needs of the agent. */
export interface CheckRoom {
  readonly platform: Platform
  readonly containerSockets: readonly ContainerSocket[]
}

const DEFAULT_TIMEOUT_SECONDS = 3600

/** First step: nothing is written or started. @throws TaskRefusal */
export const check = async (
  { task, output }: TaskEntry,
  instanceId: string,
  { platform, containerSockets }: CheckRoom,
): Promise<CheckedTask> => {
  const identity = { taskId: task.taskID, invokeVersion: task.invokeVersion }
  checkType(task.type)
  const decoded = decodeBase64(task.commandContent)
  if (typeof decoded === 'string') throw invalid('CommandContentInvalid', decoded)
  const container = await findItsContainer(task, containerSockets)
  // Upstream: neither user nor folder count in a container (api.md §5.5).
  const user = container === undefined ? await findUser(task.username, platform) : undefined
  const { home } = user ?? platform.ownUser()
  const workingDirectory = container === undefined ? await findWorkingDirectory(task.workingDirectory, home) : ''
  const script = task.enableParameter
    ? fillBuiltInParameters(
        decoded,
        new Map([
          ...(task.builtInParameter ?? new Map<string, unknown>()),
          ['InstanceId', instanceId],
          ['CommandId', task.commandId],
          ['InvokeId', task.taskID],
        ] as [string, string][]),
      )
    : decoded
  return {
    identity,
    script,
    secrets: task.secrets ?? [],
    user,
    home,
    workingDirectory,
    timeoutSeconds: readTimeout(task.timeOut),
    output,
    launcher: findLauncher(task.launcher),
    scriptName: `script${task.scriptExtension || '.sh'}`,
    ends: task.terminationMode === 'Process' ? 'process' : 'tree',
    container,
  }
}

const checkType = (type: string): void => {
  if (type === 'RunPowerShellScript') {
    throw failed(ERROR_CODE.powershellNotFound, 'PowershellNotFound: this agent runs shell scripts only')
  }
  if (type !== 'RunShellScript') throw invalid('TypeInvalid', `TypeInvalid_${type}`)
}

const findItsContainer = async (
  { containerId = '', containerName = '', launcher }: TaskEntry['task'],
  sockets: readonly ContainerSocket[],
): Promise<FoundContainer | undefined> => {
  if (containerId === '' && containerName === '') return undefined
  if (launcher !== undefined) throw invalid('LauncherInvalid', 'LauncherInvalid: a container has its own shell')
  return findContainer(containerId, containerName, sockets)
}

const findLauncher = (words: readonly string[] | undefined): readonly string[] | undefined => {
  if (words === undefined) return undefined
  if (words.length === 0 || words[0] === '') throw invalid('LauncherInvalid', 'LauncherInvalid: it names no program')
  return words
}

const findUser = async (name: string, platform: Platform): Promise<RunAsUser | undefined> => {
  const own = platform.ownUser()
  if (name === '' || name === own.name) return undefined
  if (name === 'root' && own.uid === 0) return undefined
  if (name === 'root') throw invalid('UsernameOrPasswordInvalid', 'UserInvalid_root: the agent does not run as root')
  const lookup = await platform.lookUpUser(name)
  if (!lookup.found) throw invalid('UsernameOrPasswordInvalid', `UserInvalid_${name}: ${lookup.cause}`)
  if (lookup.user.uid === own.uid) return undefined
  if (!platform.canSwitchUser) {
    throw invalid('UsernameOrPasswordInvalid', `UserInvalid_${name}: the agent does not run as root`)
  }
  return lookup.user
}

const findWorkingDirectory = async (wanted: string, home: string): Promise<string> => {
  if (wanted !== '') {
    // The words are the vendor's (agent-protocol.md §6.7), which tells no path.
    if (!(await isDirectory(wanted))) throw invalid('workingDirectory', `WorkingDirectoryNotExist: ${wanted}`)
    return wanted
  }
  if (!(await isDirectory(home)))
    throw invalid(
      'workingDirectory',
      `DefaultWorkingDirectoryNotAvailable: ${home || 'the user has no home directory'}`,
    )
  return home
}

const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return path !== '' && (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

const readTimeout = (text: string): number | undefined => {
  const seconds = /^-?\d+$/.test(text) ? Number(text) : DEFAULT_TIMEOUT_SECONDS
  return seconds > 0 ? seconds : undefined
}
