import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, chown, mkdir, open, rmdir, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Platform, RunAsUser } from '../platform/platform.js'
import { findLeftTask, type LeftTask, stageTask, unstageTask } from '../state/staged-tasks.js'
import type { CheckedTask } from './check.js'
import { ERROR_CODE, failedBy } from './refusal.js'
import { taskKey } from './result.js'

/** A task that is on disk, ready to run. */
export interface StagedScript {
  readonly scriptPath: string
  /** The task's own folder in the state directory. */
  readonly folder: string
  readonly token: string
}

/**
 * Second step: the task's record, then its script, are on disk before anything runs. A script for another user lies
 * outside of the state directory, which that user may not enter: in a folder that stays the agent's, so that nobody
 * can put anything else in its place. One with secrets lies in memory, where the system has a folder for that.
 * @throws TaskRefusal
 */
export const stage = async (
  { identity, script, secrets, scriptName, user }: CheckedTask,
  tasksFolder: string,
  platform: Pick<Platform, 'memoryFolder'>,
): Promise<StagedScript> => {
  const token = randomUUID()
  const memory = secrets.length === 0 ? undefined : await platform.memoryFolder()
  const outside = memory ?? (user === undefined ? undefined : tmpdir())
  const outsideFolder =
    outside === undefined ? undefined : join(outside, `openassist-task-${randomBytes(12).toString('hex')}`)
  let folder: string
  try {
    folder = await stageTask(tasksFolder, taskKey(identity), { ...identity, token, outsideFolder, scriptName })
    if (outsideFolder !== undefined) {
      await mkdir(outsideFolder, { mode: 0o711 })
      await chmod(outsideFolder, 0o711)
    }
  } catch (error) {
    throw failedBy(error, 'ScriptFolderUnavailable', ERROR_CODE.scriptFolderUnavailable)
  }
  const scriptPath = join(outsideFolder ?? folder, scriptName)
  try {
    await writeScript(scriptPath, script, user)
  } catch (error) {
    throw failedBy(error, 'SaveScriptFailed', ERROR_CODE.scriptNotSaved)
  }
  return { scriptPath, folder, token }
}

const writeScript = async (path: string, script: Buffer, owner: RunAsUser | undefined): Promise<void> => {
  const file = await open(path, 'wx', 0o700)
  try {
    await file.writeFile(script)
  } finally {
    await file.close()
  }
  if (owner !== undefined) await chown(path, owner.uid, owner.gid)
}

/** Last step: nothing of the task stays on disk. Never rejects. */
export const clean = async (tasksFolder: string, key: string): Promise<void> => {
  await cleanLeft(tasksFolder, await findLeftTask(tasksFolder, key))
}

/** Never rejects. */
export const cleanLeft = async (tasksFolder: string, { key, task }: LeftTask): Promise<void> => {
  const outside = task?.outsideFolder
  if (outside !== undefined) {
    // Only what was put there: nothing is followed, nothing else is deleted.
    await unlink(join(outside, task?.scriptName ?? 'script.sh')).catch(() => undefined)
    await rmdir(outside).catch(() => undefined)
  }
  if (task?.draft !== undefined) await unlink(task.draft).catch(() => undefined)
  await unstageTask(tasksFolder, key).catch(() => undefined)
}
