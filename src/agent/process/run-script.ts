import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { SCRIPT_FILE } from '../../protocol/agent-features.js'
import { type Platform, type RunAsUser, TREE_TOKEN } from '../platform/platform.js'
import { closePipe, type LeftPipes, readScriptOutput } from './script-output.js'

export interface ScriptStart {
  readonly platform: Platform
  readonly leftPipes: LeftPipes
  readonly scriptPath: string
  readonly firstLine: string
  /** Program and arguments, `SCRIPT_FILE` for the path of the script; undefined: its first line says. */
  readonly launcher?: readonly string[] | undefined
  /** A folder of the agent's own, for a moment of the start. */
  readonly folder: string
  readonly workingDirectory: string
  /** Undefined: the agent's own user. */
  readonly user: RunAsUser | undefined
  readonly environment: NodeJS.ProcessEnv
  /** Marks every process of this script. */
  readonly token: string
  /** Standard output and standard error as one stream; the buffer is used again after it returns. */
  readonly onOutput: (bytes: Uint8Array) => void
}

export interface RunningScript {
  readonly pid: number
  /**
   * Resolves when the script's own process has ended and its output is complete, whatever children it left behind: its
   * exit code, -1 when a signal ended it (agent-protocol.md §6.3).
   */
  readonly ended: Promise<number>
  /** Kills the script's own process, or that with everything that it started. Resolves when it has ended, or cannot be killed. */
  readonly kill: (what: 'process' | 'tree') => Promise<void>
}

/** A process that cannot be killed (it hangs in the kernel) is not waited for longer than this. */
const KILL_WAIT_MS = 2_000

/**
 * Starts a script in a session of its own, without input. Rejects with the system's error, such as EACCES, when the
 * process cannot be started.
 */
export const startScript = async (start: ScriptStart): Promise<RunningScript> => {
  const { platform, user, token } = start
  const pipe = await platform.openOutputPipe(start.folder, user)
  const { file, args } =
    start.launcher === undefined
      ? platform.scriptCommand(start.scriptPath, start.firstLine)
      : platform.launchCommand(start.launcher.map((word) => word.replaceAll(SCRIPT_FILE, () => start.scriptPath)))
  const child = spawnDetached(file, args, start, pipe)
  closeSync(pipe.childEnd)
  const output = readScriptOutput(pipe.ownEnd, start.leftPipes, start.onOutput)
  const ended = new Promise<number>((resolve) => {
    child.on('exit', (code) => {
      output.finish()
      resolve(code ?? -1)
    })
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('spawn', resolve)
      child.on('error', reject)
    })
  } catch (error) {
    output.finish()
    throw error
  }
  const pid = child.pid ?? 0
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  return {
    pid,
    ended,
    async kill(what) {
      if (what === 'tree') await platform.killTree({ leader: isOver ? undefined : pid, token })
      else if (!isOver) child.kill('SIGKILL')
      await within(KILL_WAIT_MS, ended)
    },
  }
}

const spawnDetached = (
  file: string,
  args: readonly string[],
  { workingDirectory, user, environment, token }: ScriptStart,
  pipe: { readonly childEnd: number; readonly ownEnd: number },
) => {
  try {
    return spawn(file, args, {
      cwd: workingDirectory,
      detached: true,
      stdio: ['ignore', pipe.childEnd, pipe.childEnd],
      env: { ...environment, [TREE_TOKEN]: token },
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    })
  } catch (error) {
    closePipe(pipe)
    throw error
  }
}

const within = async (ms: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}
