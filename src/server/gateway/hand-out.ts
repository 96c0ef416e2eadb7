import { messages } from '../../protocol/messages/index.js'
import { fileEntry } from '../../protocol/messages/file-entry.js'
import { runEntry, stopEntry } from '../../protocol/messages/task-entry.js'
import type { FileEntry, TaskEntry } from '../../protocol/messages/task-list.js'
import { type RunAsUser, toRunAsUser } from '../../protocol/run-as-user.js'
import { toWireId } from '../../protocol/wire-id.js'
import type { HandedOutFile } from '../domain/files/agent-files.js'
import type { HandedOutTask, HandOut } from '../domain/invocations/agent-tasks.js'

/** A task that cannot be put on this wire safely, with what the agent would have said of it. */
export interface Withheld {
  readonly taskId: string
  readonly param: string
  readonly value: string
}

export interface WrittenHandOut {
  /** The answer of `task/list`. */
  readonly text: string
  /** Tasks that are not in it although they were handed out. */
  readonly withheld: readonly Withheld[]
}

/** Writes what an agent is to run and stop, and the files that it is to write. */
export const writeHandOut = (
  instanceId: string,
  handOut: HandOut,
  os: 'posix' | 'windows',
  files: readonly HandedOutFile[] = [],
): WrittenHandOut => {
  const withheld: Withheld[] = []
  const entriesOf = (tasks: readonly HandedOutTask[]): readonly TaskEntry[] =>
    tasks.flatMap((task) => {
      const entry = toEntry(task, os)
      if (!('withheld' in entry)) return [entry]
      withheld.push(entry.withheld)
      return []
    })
  const run = entriesOf(handOut.run)
  const test = entriesOf(handOut.test)
  const stop = handOut.stop.flatMap(({ taskId, version, repeat }) => {
    const id = toWireId(taskId)
    return id === undefined ? [] : [stopEntry(id, version, repeat)]
  })
  const file = files.flatMap((one) => toFileEntry(one, os))
  const answer = { code: 200, instanceId, run, stop, test, ...(file.length > 0 ? { file } : {}) }
  return { text: messages.taskList.answer.encode(answer), withheld }
}

const toFileEntry = (file: HandedOutFile, os: 'posix' | 'windows'): readonly FileEntry[] => {
  const taskId = toWireId(file.taskId)
  const accounts = os === 'windows' ? { owner: '', group: '' } : { owner: file.owner, group: file.group }
  return taskId === undefined ? [] : [fileEntry({ ...file, ...accounts, taskId, directory: file.targetDir })]
}

const toEntry = (task: HandedOutTask, os: 'posix' | 'windows'): TaskEntry | { readonly withheld: Withheld } => {
  const taskId = toWireId(task.taskId)
  if (taskId === undefined) return withhold(task, 'taskID', 'the id is not safe in a file name')
  if (task.refused !== undefined) return withhold(task, task.refused.param, task.refused.why)
  const username = runAs(task.username, os)
  if (username === null) {
    return withhold(task, 'UsernameOrPasswordInvalid', `UserInvalid_${task.username}: the name is not safe in a shell`)
  }
  return runEntry({
    taskId,
    commandId: task.commandId,
    commandName: task.commandName,
    type: task.type,
    content: task.content,
    timeoutSeconds: task.timeoutSeconds,
    workingDirectory: task.workingDir,
    launcher: task.launch?.words,
    scriptExtension: task.launch?.extension,
    terminationMode: task.terminationMode,
    containerId: task.containerId,
    containerName: task.containerName,
    username,
    windowsPasswordName: task.windowsPasswordName,
    enableParameter: task.enableParameter,
    builtInParameters: task.builtInParameters,
    secrets: task.secrets,
    createdAt: task.createdAt,
    version: task.version,
    outputQuota: task.outputQuota,
    repeat: task.repeat,
  })
}

/** Null for a name that must not reach an agent. */
const runAs = (name: string, os: 'posix' | 'windows'): RunAsUser | undefined | null =>
  name === '' ? undefined : (toRunAsUser(name, os) ?? null)

const withhold = ({ taskId }: HandedOutTask, param: string, value: string) => ({ withheld: { taskId, param, value } })
