import type { Clock } from '../clock.js'
import { bytesOfScript, fillIn, textOfScript } from '../commands/custom-parameters.js'
import { parseLauncher } from '../commands/launcher.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import type { AgentTasks, Fetch, HandedOutTask, HandOut } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import { isDefaultUser } from './default-user.js'
import type { InvocationScript } from './invocation-store.js'
import type { Scripts } from './scripts.js'
import { supply } from './run-options.js'
import type { TaskRow } from './task-store.js'

/** A host that took a task must report something within this time. */
export const REPORT_MS = 60_000
/** A lost answer is asked for again after 2 s at the earliest … */
const ASK_AGAIN_FROM_MS = 2_000
/** … and 4 × 8 s + 3 × 2 s plus slack at the latest (agent-protocol.md §4.3). */
const ASK_AGAIN_TO_MS = 45_000
/** Unfinished tasks of one host that one fetch looks at. */
export const MOST_LOOKED_AT = 200

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly scripts: Scripts
  /** Hosts with tasks that wait for a free place. */
  readonly crowded: Set<string>
  readonly outputQuota: number
  /** One-shots that a host has at a time: the vendor's agent has ten workers (design §5). */
  readonly tasksPerHost: number
}

/**
 * Pending → HandedOut, without a lease. Handed out again only to a fetch that comes 2–45 s after the first, and only if
 * no report of any kind came: then the first answer may have been lost (design §5).
 */
export const handOut = ({
  stores,
  clock,
  presence,
  scripts,
  crowded,
  outputQuota,
  tasksPerHost,
}: Parts): AgentTasks['fetch'] => {
  const toHand = (rows: readonly TaskRow[], now: number): readonly TaskRow[] => {
    const inHand = rows.filter((task) => task.state !== 'Pending').length
    let free = Math.max(0, tasksPerHost - inHand)
    return rows.filter((task) => {
      if (task.state === 'HandedOut') return askedAgain(task, now)
      if (task.state !== 'Pending' || free === 0) return false
      free -= 1
      return true
    })
  }

  return async (instanceId, { reason, supports }) => {
    // A fetch after a kick finds work. Others of a quiet host find nothing: they cost a read, not a turn of the writer.
    if (reason === 'startup' && (await stores.read.tasks.unfinishedOf(instanceId, 1)).length === 0)
      return { run: [], stop: [] }
    const { handed, stop } = await stores.write(async (w: Writing) => {
      const now = clock.now()
      const rows = await w.tasks.unfinishedOf(instanceId, MOST_LOOKED_AT)
      const handed = toHand(rows, now)
      for (const task of handed) {
        if (task.state !== 'Pending') continue
        const script = await scripts.find(task.invokeId, w.invocations)
        if (script === undefined) continue
        const after: TaskRow = {
          ...task,
          state: 'HandedOut',
          handedOutAt: now,
          deadlineAt: now + REPORT_MS,
          agentProcess: presence.agentProcess(instanceId),
        }
        await changeTask(w, script.scope, task, after, now)
      }
      const waiting =
        rows.filter((task) => task.state === 'Pending').length -
        handed.filter((task) => task.state === 'Pending').length
      if (waiting > 0) crowded.add(instanceId)
      return { handed, stop: rows.filter((task) => task.state === 'Stopping' && task.startedAt !== undefined) }
    })
    return { run: await describe(handed, supports), stop: stop.map((task) => task.invokeId) } satisfies HandOut
  }

  async function describe(tasks: readonly TaskRow[], supports: Fetch['supports']): Promise<readonly HandedOutTask[]> {
    const run: HandedOutTask[] = []
    for (const task of tasks) {
      const script = await scripts.find(task.invokeId)
      if (script === undefined) continue
      const builtIns = await builtInValues(script, task.instanceId)
      run.push(supply(handedOut(script, builtIns, outputQuota), supports))
    }
    return run
  }

  /** What the server must supply; the agent adds InstanceId, CommandId and InvokeId (agent-protocol.md §6.4). */
  async function builtInValues(script: InvocationScript, instanceId: string): Promise<ReadonlyMap<string, string>> {
    if (!script.enableParameter) return new Map()
    const [target] = await stores.read.instances.targets(script.scope, [instanceId])
    return new Map([
      ['RegionId', script.scope.regionId],
      ['AccountId', script.scope.accountId],
      ['InstanceId', instanceId],
      ['InstanceName', target?.instanceName || instanceId],
      ['InvokeId', script.invokeId],
      ['CommandId', script.commandId],
    ])
  }
}

const askedAgain = (task: TaskRow, now: number): boolean =>
  task.reportedAt === undefined && mayBeLost(task.handedOutAt, now)

/** A fetch that comes so long after a hand-out may be there because that answer was lost. */
export const mayBeLost = (handedOutAt: number | undefined, now: number): boolean => {
  const since = now - (handedOutAt ?? now)
  return since >= ASK_AGAIN_FROM_MS && since <= ASK_AGAIN_TO_MS
}

const handedOut = (
  script: InvocationScript,
  builtIns: ReadonlyMap<string, string>,
  outputQuota: number,
): HandedOutTask => ({
  taskId: script.invokeId,
  commandId: script.commandId,
  commandName: '',
  type: script.commandType,
  content: script.enableParameter
    ? bytesOfScript(fillIn(textOfScript(script.content), valuesOf(script)))
    : script.content,
  timeoutSeconds: script.timeoutSeconds,
  workingDir: script.workingDir,
  launch: parseLauncher(script.launcher),
  terminationMode: script.terminationMode === '' ? undefined : script.terminationMode,
  // The vendor's agent refuses these by name; they are its own user (agent-protocol.md §6.3).
  username: isDefaultUser(script.username) ? '' : script.username,
  windowsPasswordName: script.windowsPasswordName,
  enableParameter: script.enableParameter,
  builtInParameters: builtIns,
  createdAt: script.createdAt,
  outputQuota,
})

const valuesOf = (script: InvocationScript): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(JSON.parse(script.parameters) as Record<string, string>).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  )
