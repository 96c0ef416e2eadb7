import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeDurably } from './write-durably.js'

/** What is on disk about a task before its script runs: enough to clean up after a process that died. */
export interface StagedTask {
  readonly taskId: string
  readonly invokeVersion: number
  /** Marks every process of the task (`TREE_TOKEN`). */
  readonly token: string
  /** A folder outside the state directory that holds the script, when it runs as another user. */
  readonly outsideFolder: string | undefined
  readonly scriptName: string
  /** A file that is being written beside the one that it becomes. */
  readonly draft?: string | undefined
}

/** A task that was at work when the agent's process ended. */
export interface LeftTask {
  readonly key: string
  /** Undefined when its record was not written whole. */
  readonly task: StagedTask | undefined
}

const RECORD = 'task.json'

export const taskFolder = (tasksFolder: string, key: string): string => join(tasksFolder, key)

/** Makes the task's folder and its record, durably. The folder must not exist. */
export const stageTask = async (tasksFolder: string, key: string, task: StagedTask): Promise<string> => {
  const folder = taskFolder(tasksFolder, key)
  await mkdir(folder, { mode: 0o700 })
  await writeDurably(join(folder, RECORD), JSON.stringify(task))
  await syncFolder(tasksFolder)
  return folder
}

/** Removes a task's folder with all that is in it; nothing happens if it is gone. */
export const unstageTask = async (tasksFolder: string, key: string): Promise<void> => {
  await rm(taskFolder(tasksFolder, key), { recursive: true, force: true })
}

export const listLeftTasks = async (tasksFolder: string): Promise<LeftTask[]> =>
  Promise.all((await readdir(tasksFolder)).map((key) => findLeftTask(tasksFolder, key)))

export const findLeftTask = async (tasksFolder: string, key: string): Promise<LeftTask> => ({
  key,
  task: parseRecord(await readFile(join(taskFolder(tasksFolder, key), RECORD), 'utf8').catch(() => '')),
})

const parseRecord = (text: string): StagedTask | undefined => {
  try {
    const { taskId, invokeVersion, token, outsideFolder, scriptName, draft } = JSON.parse(text) as Partial<StagedTask>
    if (typeof taskId !== 'string' || typeof invokeVersion !== 'number' || typeof token !== 'string') return undefined
    return {
      taskId,
      invokeVersion,
      token,
      outsideFolder: typeof outsideFolder === 'string' ? outsideFolder : undefined,
      // A name, not a path: what it names is deleted.
      scriptName: typeof scriptName === 'string' && /^[A-Za-z0-9._-]+$/.test(scriptName) ? scriptName : 'script.sh',
      draft: typeof draft === 'string' ? draft : undefined,
    }
  } catch {
    return undefined
  }
}
