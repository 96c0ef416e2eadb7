import type { AgentLog } from './log.js'
import type { Platform } from './platform/platform.js'
import type { StateDirectory } from './state/state-directory.js'
import { listLeftTasks } from './state/staged-tasks.js'
import { cleanLeft } from './tasks/stage.js'

/**
 * Tidies up after a process that died while tasks were at work. None of them is run again: what it did is not known.
 * Children that still live are killed, as nobody would report on them; the server ends such tasks itself when it sees
 * the new process (design §5).
 */
export const recover = async (directory: StateDirectory, platform: Platform, log: AgentLog): Promise<void> => {
  for (const left of await listLeftTasks(directory.tasks)) {
    const { key, task } = left
    if (task !== undefined) {
      const killed = await platform.killTree({ leader: undefined, token: task.token })
      const what = killed === 0 ? 'none of its processes lives' : `${killed} processes of it were killed`
      log.warn(`task ${task.taskId} was at work when the agent ended: ${what}, it is not run again`)
    }
    await cleanLeft(directory.tasks, { key, task })
  }
}
