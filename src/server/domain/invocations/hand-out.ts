import type { Clock } from '../clock.js'
import { builtInNames, builtInsInOneForm, bytesOfScript, fillIn, textOfScript } from '../commands/custom-parameters.js'
import { parseLauncher } from '../commands/launcher.js'
import type { PresenceTable } from '../fleet/presence.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { handedTo, isHandedTo, isOfAnotherProcess } from '../fleet/agent-process.js'
import type { AgentTasks, Fetch, HandedOutTask, HandOut, Repeat } from './agent-tasks.js'
import { changeTask } from './change-task.js'
import type { InvocationScript } from './invocation-store.js'
import type { HandOutSecrets } from '../secrets/hand-out-secrets.js'
import type { Scripts } from './scripts.js'
import type { ToldFeatures } from './told-features.js'
import { waitsForReboot } from './repeat-modes.js'
import type { Reschedules } from './reschedules.js'
import { isContained, saysWhatItCan, supply } from './run-options.js'
import { lastRunOf } from '../../../schedule/frequency.js'
import { runsOnce, frequencyOf } from './frequency-of.js'
import { move, type TaskEvent } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** A host that took a task must report something within this time. */
export const REPORT_MS = 60_000
/** A lost answer is asked for again after 2 s at the earliest … */
const ASK_AGAIN_FROM_MS = 2_000
/** … and 4 × 8 s + 3 × 2 s plus slack at the latest (agent-protocol.md §4.3). */
const ASK_AGAIN_TO_MS = 45_000
/** Unfinished tasks of one host that one fetch looks at. */
const MOST_LOOKED_AT = 200
/** Schedules of one host that one fetch looks at. */
const MOST_SCHEDULES = 1_000

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly presence: PresenceTable
  readonly scripts: Scripts
  readonly secrets: HandOutSecrets
  readonly features: ToldFeatures
  /** Hosts with tasks that wait for a free place. */
  readonly crowded: Set<string>
  readonly reschedules: Reschedules
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
  secrets,
  features,
  crowded,
  reschedules,
  outputQuota,
  tasksPerHost,
}: Parts): AgentTasks['fetch'] => {
  const toHand = (rows: readonly TaskRow[], isReboot: boolean, now: number): readonly TaskRow[] => {
    const inHand = rows.filter((task) => task.state !== 'Pending').length
    let free = Math.max(0, tasksPerHost - inHand)
    return rows.filter((task) => {
      // Upstream: what belongs to a start of the host would run again; its lost answer is asked for in the same words.
      if (task.state === 'HandedOut') return askedAgain(task, now) && (isReboot || !waitsForReboot(task.repeatMode))
      if (task.state !== 'Pending' || free === 0) return false
      free -= 1
      return true
    })
  }

  return async (instanceId, { reason, coldStart, supports }) => {
    features.note(instanceId, presence.agentProcess(instanceId), supports ?? new Set())
    // A fetch after a kick finds work. Others of a quiet host find nothing: they cost a read, not a turn of the writer.
    if (reason === 'startup' && !(await stores.read.tasks.hasUnfinished(instanceId)))
      return { run: [], test: [], stop: [] }
    const withSchedules = reason === 'startup' || reschedules.has(instanceId, clock.now())
    const agentTells = saysWhatItCan(supports)
    const { handed, stop } = await stores.write(async (w: Writing) => {
      const now = clock.now()
      const found = await w.tasks.toFetch(instanceId, MOST_LOOKED_AT)
      const rows = found.filter((task) => task.state !== 'Scheduled')
      const handed = await asTheyWere(w, toHand(rows, reason === 'startup' && coldStart === true, now))
      const due = withSchedules
        ? await schedulesDue(w, instanceId, reason === 'startup', coldStart === true, agentTells, now)
        : []
      if (rows.length < found.length)
        due.push(...(await outdated(w, found, due, reason === 'startup', agentTells, now)))
      for (const task of handed) {
        if (task.state !== 'Pending') continue
        const script = await scripts.find(task.invokeId, w.invocations)
        if (script === undefined) continue
        await take(w, script, task, reason === 'startup', agentTells, now)
      }
      const waiting =
        rows.filter((task) => task.state === 'Pending').length -
        handed.filter((task) => task.state === 'Pending').length
      if (waiting > 0) crowded.add(instanceId)
      const stop = rows.filter(
        (task) => task.state === 'Stopping' && (task.startedAt !== undefined || task.repeatMode === 'Period'),
      )
      return { handed: [...handed, ...due], stop }
    })
    return {
      run: await describe(
        handed.filter((task) => task.repeatMode !== 'DryRun'),
        supports,
      ),
      test: await describe(
        handed.filter((task) => task.repeatMode === 'DryRun'),
        supports,
      ),
      stop: await describeStops(stop),
    } satisfies HandOut
  }

  /** To the host: it has the task from now on, or the schedule. */
  async function take(
    w: Writing,
    script: InvocationScript,
    task: TaskRow,
    isStartup: boolean,
    agentTells: boolean,
    now: number,
  ): Promise<void> {
    const isSchedule = task.repeatMode === 'Period'
    const event: TaskEvent = isSchedule ? 'scheduled' : 'handed-out'
    const after: TaskRow = {
      ...task,
      state: move(task.state, false, event) ?? task.state,
      handedOutAt: now,
      reportedAt: waitsForReboot(task.repeatMode) ? undefined : task.reportedAt,
      version: script.version,
      deadlineAt: isSchedule ? scheduleDeadline(script) : now + REPORT_MS,
      agentProcess: handedTo(presence.agentProcess(task.instanceId), isStartup),
      agentTells,
      versionSince: isSchedule || waitsForReboot(task.repeatMode) ? sinceOf(task, script, now) : undefined,
    }
    if (isSchedule) reschedules.add(task.instanceId, now + ASK_AGAIN_TO_MS)
    await changeTask(w, script.scope, task, after, now)
  }

  /** What the host may have already is told again only as it was: another version would be another task to it. */
  async function asTheyWere(w: Writing, tasks: readonly TaskRow[]): Promise<readonly TaskRow[]> {
    const same: TaskRow[] = []
    for (const task of tasks) {
      const mayDiffer = task.state !== 'Pending' && waitsForReboot(task.repeatMode)
      if (mayDiffer && (await scripts.find(task.invokeId, w.invocations))?.version !== task.version) continue
      same.push(task)
    }
    return same
  }

  /** Schedules that were changed since the host took them. One that runs keeps what it runs, and is told when it has ended. */
  async function outdated(
    w: Writing,
    tasks: readonly TaskRow[],
    due: readonly TaskRow[],
    isStartup: boolean,
    agentTells: boolean,
    now: number,
  ): Promise<readonly TaskRow[]> {
    const told = new Set(due.map((task) => task.invokeId))
    const found: TaskRow[] = []
    for (const task of tasks) {
      if (task.state !== 'Scheduled') continue
      const script = told.has(task.invokeId) ? undefined : await scripts.find(task.invokeId, w.invocations)
      if (script === undefined) continue
      found.push(task)
      await take(w, script, task, isStartup, agentTells, now)
    }
    return found
  }

  /**
   * Schedules live in the memory of an agent's process: each new one gets them again, and one whose answer may have been
   * lost. What waits for a start of the host goes to the first fetch of a process that came with such a start.
   */
  async function schedulesDue(
    w: Writing,
    instanceId: string,
    isStartup: boolean,
    isColdStart: boolean,
    agentTells: boolean,
    now: number,
  ): Promise<TaskRow[]> {
    const due: TaskRow[] = []
    const process = presence.agentProcess(instanceId)
    for (const task of await w.tasks.schedulesOf(instanceId, MOST_SCHEDULES)) {
      const isItsProcess = isHandedTo(task.agentProcess, process)
      const isRecent = task.handedOutAt !== undefined && now - task.handedOutAt <= ASK_AGAIN_TO_MS
      const isDue =
        task.repeatMode === 'Period'
          ? (task.state === 'Scheduled' || task.state === 'Running') && (isStartup || isRecent || !isItsProcess)
          : task.state === 'Scheduled' && isStartup && isColdStart && !(isRecent && !isOfAnotherProcess(task, process))
      const script = isDue ? await scripts.find(task.invokeId, w.invocations) : undefined
      if (script === undefined) continue
      const isOutdated = task.repeatMode === 'Period' && task.version !== script.version
      const isOver = task.state === 'Running' || (task.runs > 0 && !isOutdated)
      // The vendor's agent would kill what runs to take another version.
      if ((isOver && runsOnce(script)) || (isOutdated && task.state === 'Running' && isItsProcess)) continue
      due.push(task)
      if (task.repeatMode !== 'Period' || (task.state === 'Scheduled' && (isOutdated || !(isRecent && isItsProcess))))
        await take(w, script, task, isStartup, agentTells, now)
    }
    return due
  }

  async function describeStops(tasks: readonly TaskRow[]): Promise<HandOut['stop']> {
    const stops: HandOut['stop'][number][] = []
    for (const { invokeId } of tasks) {
      const script = await scripts.find(invokeId)
      if (script !== undefined) stops.push({ taskId: invokeId, version: script.version, repeat: repeatOf(script) })
    }
    return stops
  }

  async function describe(tasks: readonly TaskRow[], supports: Fetch['supports']): Promise<readonly HandedOutTask[]> {
    const run: HandedOutTask[] = []
    for (const task of tasks) {
      const script = await scripts.find(task.invokeId)
      if (script === undefined) continue
      const builtIns = await builtInValues(script, task.instanceId)
      const whole = await secrets(script, task.instanceId, handedOut(script, builtIns, outputQuota), supports)
      // What the host may have already is not refused now: its report is waited for.
      if (whole.refused === undefined || !mayHaveIt(task)) run.push(supply(whole, supports))
    }
    return run
  }

  function mayHaveIt({ state, agentProcess, instanceId }: TaskRow): boolean {
    return state === 'HandedOut' || isHandedTo(agentProcess, presence.agentProcess(instanceId))
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

/** Since when its host has the version that it is handed. */
const sinceOf = (task: TaskRow, { version }: InvocationScript, now: number): number =>
  task.version === version ? (task.versionSince ?? now) : now

/** The kind of a task in an agent's words; a frequency was read when it was submitted. */
const repeatOf = (script: InvocationScript): Repeat => {
  const { repeatMode, frequency } = script
  switch (repeatMode) {
    case 'Once':
    case 'DryRun':
      return { kind: 'Once', cron: '' }
    case 'NextRebootOnly':
    case 'EveryReboot':
      return { kind: repeatMode, cron: '' }
    case 'Period': {
      const parsed = frequencyOf(script)
      if (parsed === undefined) return { kind: 'Period', cron: frequency }
      const kind = parsed.kind === 'cron' ? 'Period' : parsed.kind === 'rate' ? 'Rate' : 'At'
      return { kind, cron: parsed.wire }
    }
  }
}

/**
 * An agent drops a time that is over without a word (agent-protocol.md §6.5), and tells once that a cron schedule is
 * completed: then neither is waited for.
 */
export const scheduleDeadline = (
  script: Pick<InvocationScript, 'frequency' | 'timeoutSeconds'>,
): number | undefined => {
  const parsed = frequencyOf(script)
  const last = parsed === undefined ? undefined : lastRunOf(parsed)
  return last === undefined ? undefined : last + script.timeoutSeconds * 1_000 + REPORT_MS
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
): HandedOutTask => {
  const { content, refused } = contentOf(script, builtIns)
  return {
    refused,
    containerId: script.containerId,
    containerName: script.containerName,
    taskId: script.invokeId,
    commandId: script.commandId,
    commandName: '',
    type: script.commandType,
    content,
    timeoutSeconds: script.timeoutSeconds,
    // None of these counts in a container (api.md §5.5).
    workingDir: isContained(script) ? '' : script.workingDir,
    launch: parseLauncher(script.launcher),
    terminationMode: script.terminationMode === '' ? undefined : script.terminationMode,
    username: isContained(script) ? '' : script.username,
    windowsPasswordName: script.windowsPasswordName,
    enableParameter: script.enableParameter,
    builtInParameters: builtIns,
    createdAt: script.createdAt,
    version: script.version,
    outputQuota,
    repeat: repeatOf(script),
  }
}

/**
 * The script with its custom parameters. A built-in one without a value ends the task here: agents do not find each of
 * the forms that count.
 */
const contentOf = (
  script: InvocationScript,
  builtIns: ReadonlyMap<string, string>,
): Pick<HandedOutTask, 'content' | 'refused'> => {
  if (!script.enableParameter) return { content: script.content }
  const text = builtInsInOneForm(fillIn(textOfScript(script.content), valuesOf(script)))
  const unknown = builtInNames(text).find((name) => !builtIns.has(name))
  const refused =
    unknown === undefined
      ? undefined
      : { param: 'InvalidEnvironmentParameter', why: `The environment parameter ${unknown} is invalid` }
  return { content: bytesOfScript(text), refused }
}

/** Custom parameters as they were given, by name in small letters. */
export const valuesOf = (script: InvocationScript): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(JSON.parse(script.parameters) as Record<string, string>).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  )
