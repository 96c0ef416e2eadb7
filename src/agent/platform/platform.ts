// Where operating systems differ. One folder per system beside this file; `this-platform.ts` chooses.

/** How a process is told from a later one with the same id: an opaque text, equal only for the same process. */
export type ProcessMark = string

export interface RunAsUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** `''` when the system knows none. */
  readonly home: string
}

/** Why a script cannot run as a user, for the report of `task/invalid`. */
export type UserLookup =
  | { readonly found: true; readonly user: RunAsUser }
  | { readonly found: false; readonly cause: string }

export interface HostFacts {
  readonly osType: 'Linux' | 'Windows' | 'FreeBSD'
  /** As Go calls it: `amd64`, `arm64`, … */
  readonly architecture: string
  readonly osVersion: string
  readonly hostname: string
  /** First address that is not loopback, or `''`. */
  readonly intranetIp: string
}

export interface OutputPipe {
  /** For the child, as its stdout and its stderr: one stream in the order of writing. */
  readonly childEnd: number
  /** The agent's own end, not blocking. */
  readonly ownEnd: number
}

export interface Platform {
  /** True when scripts can run as another user. */
  readonly canSwitchUser: boolean
  /** The user that the agent itself runs as. */
  ownUser(): RunAsUser
  /** Asks the system's user database; no shell is involved. */
  lookUpUser(name: string): Promise<UserLookup>
  /** Id of a user or of a group of exactly this name, root too; undefined when there is none. */
  findAccount(kind: 'user' | 'group', name: string): Promise<number | undefined>
  hostFacts(): HostFacts
  /** A folder whose files are in memory only; undefined where there is none that the agent can write to. */
  memoryFolder(): Promise<string | undefined>
  /** The machine's own id (agent-protocol.md §4.1), or `''`. */
  machineId(): Promise<string>
  /** Changes with every start of the machine; `''` when the system does not tell. */
  bootId(): Promise<string>
  /** Name of the host's time zone, or `UTC`. */
  timeZone(): Promise<string>
  /** Milliseconds since the machine started. */
  uptimeMs(): number
  /** @returns undefined when no such process lives */
  processMark(pid: number): ProcessMark | undefined
  /**
   * One pipe for both streams of a child. `folder` is a place where the agent may make a file for a moment; `owner`
   * may open the stream anew by name (`/dev/stdout`).
   */
  openOutputPipe(folder: string, owner: RunAsUser | undefined): Promise<OutputPipe>
  /** Program and arguments that run a script file, honouring its first line. */
  scriptCommand(scriptPath: string, firstLine: string): { readonly file: string; readonly args: readonly string[] }
  /** Program and arguments that start a launcher's words. */
  launchCommand(words: readonly string[]): { readonly file: string; readonly args: readonly string[] }
  /**
   * Kills a process group with everything that came from it: members of its group and session, their descendants, and
   * whatever carries `token` in its environment as `TREE_TOKEN` (a child that detached itself from all else).
   * `leader` is undefined when its id may belong to another by now.
   * @returns how many processes were killed
   */
  killTree(tree: { readonly leader: number | undefined; readonly token: string }): Promise<number>
}

/** Name of the environment variable that marks every process of one task. */
export const TREE_TOKEN = 'OPENASSIST_TASK_TOKEN'
