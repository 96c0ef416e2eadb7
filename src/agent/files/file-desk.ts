import { randomUUID } from 'node:crypto'
import type { FileEntry } from '../../protocol/messages/task-list.js'
import { type AgentLog, reasonOf } from '../log.js'
import type { Platform } from '../platform/platform.js'
import type { SeenTasks } from '../state/seen-tasks.js'
import { stageTask, unstageTask } from '../state/staged-tasks.js'
import { type TaskIdentity, type TaskResult, taskKey } from '../tasks/result.js'
import { FILE_CODE, type FileEnd, fileEnded } from './file-end.js'
import { writeFile } from './write-file.js'

// Takes in the files that a fetch brought. At most once, as with scripts: each is marked as seen before anything is done
// with it, and its result is on disk before it is posted.

export interface FileDesk {
  /** Resolves when everything is marked and under way. Never rejects. */
  readonly takeIn: (files: readonly FileEntry[]) => Promise<void>
  /** Resolves when what is under way has its result on disk. Nothing is taken in afterwards. */
  stop(): Promise<void>
}

export interface FileRoom {
  readonly platform: Platform
  readonly tasksFolder: string
  readonly seen: SeenTasks
  /** Keeps a final report until it is acknowledged; durable when it resolves. Never rejects. */
  readonly report: (result: TaskResult) => Promise<void>
  readonly log: AgentLog
}

/** What the record of a task says of its script. */
const NO_SCRIPT = { outsideFolder: undefined, scriptName: '' } as const

/** Files have no versions. */
const identityOf = ({ task }: FileEntry): TaskIdentity => ({ taskId: task.taskID, invokeVersion: 0 })

export const openFileDesk = (room: FileRoom): FileDesk => {
  /** One file at a time, in the order of their coming. */
  let work: Promise<void> = Promise.resolve()
  let isStopped = false

  const end = (file: FileEntry, how: FileEnd): Promise<void> => {
    const said = how.kind === 'file-finish' ? `with ${how.code}` : `refused: ${how.param}`
    room.log.info(`file ${file.task.taskID} ended ${said}`)
    return room.report({ task: identityOf(file), end: how, output: new Uint8Array() })
  }

  const carryOut = async (file: FileEntry): Promise<void> => {
    const identity = identityOf(file)
    const key = taskKey(identity)
    const note = async (draft: string): Promise<void> => {
      await stageTask(room.tasksFolder, key, { ...identity, ...NO_SCRIPT, token: randomUUID(), draft })
    }
    const how = await writeFile(file.task, room.platform, note).catch((error: unknown) => {
      room.log.error(`file ${identity.taskId} failed: ${reasonOf(error)}`)
      return fileEnded(FILE_CODE.notWritten)
    })
    await end(file, how)
    await unstageTask(room.tasksFolder, key).catch(() => undefined)
  }

  return {
    async takeIn(files) {
      if (isStopped || files.length === 0) return
      const keys = files.map((file) => taskKey(identityOf(file)))
      try {
        const fresh = new Set(await room.seen.add(keys, Date.now()))
        for (const file of files) {
          if (!fresh.delete(taskKey(identityOf(file)))) continue
          room.log.info(`file ${file.task.taskID} taken`)
          work = work.then(() => carryOut(file))
        }
      } catch (error) {
        // What cannot be marked as seen is not written: at most once comes before at all.
        room.log.error(`${files.length} files cannot be taken: ${reasonOf(error)}`)
        for (const file of files) await end(file, fileEnded(FILE_CODE.notWritten))
      }
    },
    async stop() {
      isStopped = true
      await work
    },
  }
}
