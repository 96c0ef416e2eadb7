import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Repeatable, Scope } from '../access/scope.js'
import { Fault, someOf } from '../faults.js'
import { takesVersions } from '../fleet/agent-version.js'
import type { TargetRow } from '../fleet/instance-store.js'
import { builtInNames } from '../commands/custom-parameters.js'
import { checkSecrets } from '../secrets/check-secrets.js'
import { type SecretUse, whyNoSecrets } from '../secrets/secret-use.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { addAgain, isAddable } from './add-again.js'
import { type Admission, admit, type Needs } from './admit.js'
import { type ChangedScript, changedScript, checkChange } from './changed-script.js'
import { scheduleDeadline } from './hand-out.js'
import type { InvocationAttributes } from './invocation-store.js'
import type { InvocationChange, Invocations } from './invocations.js'
import { isContained, optionsOf } from './run-options.js'
import { isTimed } from './repeat-modes.js'
import { checkTargets, filledInOf, findTargets, type StartParts } from './start-invocation.js'
import { classOf, isFinal } from './task-states.js'
import type { TaskRow } from './task-store.js'

/** Tasks added, or read, at a time (design §4, §8). */
const CHUNK = 500

/**
 * A change is another version of the invocation, and the rows of its tasks say which one a host was handed. Whoever has
 * another one is behind, and gets it with its next fetch; a run under way ends as it began.
 *
 * The tasks that are not over are held while a version is written: changes come one after the other, and a report is of the
 * version before or of the one behind, never of both.
 */
export const modifyInvocation = (parts: StartParts): Invocations['modify'] => {
  const { stores } = parts
  /** Of each invocation the latest change that is under way here: one of many hosts is several transactions. */
  const underWay = new Map<string, Promise<unknown>>()
  const inTurn = async <T>(invokeId: string, change: () => Promise<T>): Promise<T> => {
    const mine = (underWay.get(invokeId) ?? Promise.resolve()).then(change)
    const over = mine.catch(() => undefined)
    underWay.set(invokeId, over)
    try {
      return await mine
    } finally {
      if (underWay.get(invokeId) === over) underWay.delete(invokeId)
    }
  }
  return (scope, invokeId, change, repeat) =>
    answerOnce(stores, scope, repeat, () =>
      inTurn(invokeId, async () => {
        // What is wrong in itself comes before what is not there (api.md §1).
        checkChange(change)
        for (;;) {
          const commandId = await modify(parts, scope, invokeId, change, repeat)
          if (commandId !== undefined) return { commandId }
        }
      }),
    )
}

/** @returns undefined when somebody else changed it meanwhile: then it is to be looked at anew */
const modify = async (
  parts: StartParts,
  scope: Scope,
  invokeId: string,
  change: InvocationChange,
  repeat: Repeatable | undefined,
): Promise<string | undefined> => {
  const { stores, clock, ids, wake, limits } = parts
  const before = await stores.read.invocations.attributes(scope, invokeId)
  if (before === undefined) throw new Fault('invocation/not-found')
  if (!isTimed(before.repeatMode)) throw new Fault('invocation/not-repeating')
  if (before.unfinished === 0) throw new Fault('invocation/over')
  const now = clock.now()
  const after = changedScript(before, change, parts.publicCommands.find(before.commandId), now)
  const filledIn = filledInOf(after, after.values)
  const use = await checkSecrets(stores, scope, filledIn, before.secrets === 'allowed')
  // What was handed out before is hidden in what comes, whatever the script refers to now.
  const secrets = use === 'none' ? before.secrets : use
  if (after.isOther) await checkAgents(parts, scope, before, use)
  const needs = { builtIns: builtInNames(filledIn), secrets: use }
  const added = await admitted(parts, scope, before, after, needs, change.instanceIds ?? [], now)
  const commandId = after.isOtherCommand ? ids.next('c') : before.commandId
  const answer = { commandId }

  for (let from = 0; from === 0 || from < added.length; from += CHUNK) {
    const isDone = await stores.write(async (w) => {
      if ((await w.invocations.attributes(scope, invokeId)) === undefined) throw new Fault('invocation/not-found')
      const chunk = added.slice(from, from + CHUNK)
      const named = chunk.map(({ instanceId }) => instanceId)
      if ((await w.tasks.holdUnfinished(invokeId, named)) === 0) throw new Fault('invocation/over')
      if (from === 0) {
        if ((await w.invocations.version(invokeId)) !== before.version) return false
        await checkAmount(w, limits.instancesPerInvocation, invokeId, added)
        if (after.isOtherCommand) await addCommand(parts, w, scope, before, after, commandId, now)
      }
      await addTasks(w, scope, before, chunk, now)
      if (from === 0 && after.isOther) {
        await w.invocations.change(invokeId, { ...after, commandId, secrets, version: before.version + 1 }, now)
        if (after.frequency !== before.frequency)
          await w.tasks.reschedule(invokeId, scheduleDeadline({ ...after, timeoutSeconds: before.timeoutSeconds }))
      }
      if (from + CHUNK < added.length) return true
      if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
      w.audit({
        ...scope,
        at: now,
        actor: actorOf(scope),
        action: 'ModifyInvocationAttribute',
        subject: invokeId,
        detail: { commandId, version: before.version + Number(after.isOther), added: added.length },
      })
      return true
    })
    if (!isDone) return undefined
  }

  wake(added.filter(({ state }) => state === 'Pending').map(({ instanceId }) => instanceId))
  if (after.isOther && before.repeatMode === 'Period') await wakeWaiting(parts, invokeId)
  return commandId
}

/**
 * Faults where a host that it is not over on would go on with the version that it has: `invocation/agent-too-old` when its agent
 * takes no other version, `invocation/agent-keeps-scripts` when that is known not to keep secrets off its disk.
 */
const checkAgents = async (
  { stores, presence, features }: StartParts,
  scope: Scope,
  { invokeId, containerId, containerName }: InvocationAttributes,
  use: SecretUse,
): Promise<void> => {
  const contained = isContained({ containerId, containerName })
  const supports = (id: string) => features.of(id, presence.agentProcess(id))
  for await (const tasks of chunks(stores, invokeId)) {
    const unfinished = tasks.filter((task) => !isFinal(task.state)).map((task) => task.instanceId)
    const hosts = await stores.read.instances.targets(scope, unfinished)
    const isTooOld = ({ osType, agentVersion }: TargetRow): boolean => !takesVersions(osType, agentVersion)
    const tooOld = hosts.filter(isTooOld).map(({ instanceId }) => instanceId)
    if (tooOld.length > 0)
      throw new Fault('invocation/agent-too-old', [], { detail: `The agent is too old on ${someOf(tooOld)}.` })
    const keeping = hosts.filter(
      ({ instanceId, osType }) => whyNoSecrets(use, osType, contained, supports(instanceId)) !== undefined,
    )
    if (keeping.length > 0)
      throw new Fault('invocation/agent-keeps-scripts', [], {
        detail: `That is so on ${someOf(keeping.map(({ instanceId }) => instanceId))}.`,
      })
  }
}

async function* chunks(stores: UnitOfWork, invokeId: string) {
  for (let after: string | undefined; ; ) {
    const tasks = await stores.read.tasks.ofInvocation(invokeId, after, CHUNK)
    yield tasks
    if (tasks.length < CHUNK) return
    after = tasks.at(-1)?.instanceId
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** How the tasks of added instances begin. */
const admitted = async (
  parts: StartParts,
  scope: Scope,
  before: InvocationAttributes,
  after: ChangedScript,
  needed: Pick<Needs, 'builtIns' | 'secrets'>,
  instanceIds: readonly string[],
  now: number,
): Promise<readonly Admission[]> => {
  const { stores, presence, limits } = parts
  const named = [...new Set(instanceIds)]
  const isTooMany = (amount: number): boolean => amount > limits.instancesPerInvocation
  // More than there may be are not looked for.
  const tasks = isTooMany(named.length) ? [] : await stores.read.tasks.among(before.invokeId, named)
  const there = new Map(tasks.map((task) => [task.instanceId, task]))
  const missing = named.filter((id) => !there.has(id))
  if (missing.length > 0 && isTooMany(before.instances + missing.length))
    throw new Fault('invocation/too-many-instances', [limits.instancesPerInvocation])
  // Where it is over, what it did there stays as it is.
  const isOver = (task: TaskRow): boolean => isFinal(task.state) && !isAddable(task)
  const over = tasks.filter(isOver).map(({ instanceId }) => instanceId)
  if (over.length > 0) throw new Fault('invocation/instance-over', [], { detail: `It is over on ${someOf(over)}.` })
  const wanted = named.filter((id) => isFinal(there.get(id)?.state ?? 'Aborted'))
  if (wanted.length === 0) return []
  // They would not wait for their turn.
  if ((await stores.read.rollouts.kindOf(scope, before.invokeId)) !== undefined) throw new Fault('operation/forbidden')
  const targets = await findTargets(parts, scope, { targets: { by: 'id', instanceIds: wanted } })
  checkTargets({ type: before.commandType }, targets, before.resourceGroupId)
  await presence.prefetch(wanted)
  const needs = { options: optionsOf(before), ...needed, mode: before.repeatMode, frequency: after.schedule }
  return targets.map((target) => admit(target, presence, parts.features, needs, now))
}

/** Others may have added theirs since it was looked at. */
const checkAmount = async (w: Writing, most: number, invokeId: string, added: readonly Admission[]): Promise<void> => {
  if (added.length === 0) return
  const ids = added.map(({ instanceId }) => instanceId)
  if ((await w.tasks.amountWith(invokeId, ids)) > most) throw new Fault('invocation/too-many-instances', [most])
}

const addTasks = async (
  w: Writing,
  scope: Scope,
  { invokeId, repeatMode, outputDelivery }: InvocationAttributes,
  admissions: readonly Admission[],
  now: number,
): Promise<void> => {
  const tasks = await w.tasks.among(
    invokeId,
    admissions.map(({ instanceId }) => instanceId),
  )
  const there = new Map(tasks.map((task) => [task.instanceId, task]))
  for (const admission of admissions) {
    const task = there.get(admission.instanceId)
    if (task !== undefined) await addAgain(w, scope, task, admission, now)
  }
  const added = admissions.filter(({ instanceId }) => !there.has(instanceId))
  if (added.length === 0) return
  await w.tasks.add(invokeId, added, { repeatMode, deliversOutput: outputDelivery !== '' }, now)
  await w.instances.countInvocation(
    scope,
    added.map(({ instanceId }) => instanceId),
    now,
  )
  for (const { state } of added) {
    w.invocations.tally(invokeId, undefined, classOf(state), 1)
    if (isFinal(state)) w.taskEnded(state, invokeId)
  }
}

/** The command of another script: kept where the one before was, else it lives and goes with the invocation (api.md §7.2). */
const addCommand = async (
  { limits }: StartParts,
  w: Writing,
  scope: Scope,
  before: InvocationAttributes,
  after: ChangedScript,
  commandId: string,
  now: number,
): Promise<void> => {
  if (!before.keepCommand) return w.invocations.keepScript(after.content, now)
  if ((await w.commands.countKept(scope)) >= limits.commandQuota)
    throw new Fault('command/quota-exceeded', [limits.commandQuota])
  const replaced = await w.commands.find(scope, before.commandId)
  await w.commands.add(scope, {
    name: before.commandName,
    description: before.commandDescription,
    type: before.commandType,
    content: after.content,
    enableParameter: after.enableParameter,
    parameterNames: after.parameterNames,
    workingDir: replaced?.workingDir ?? before.workingDir,
    timeoutSeconds: replaced?.timeoutSeconds ?? before.timeoutSeconds,
    launcher: replaced?.launcher ?? before.launcher,
    resourceGroupId: replaced?.resourceGroupId ?? '',
    tags: replaced?.tags ?? [],
    commandId,
    kept: true,
    createdAt: now,
  })
  await w.commands.countInvocation(scope, commandId)
}

/** Hosts that wait for the next run by a schedule that counts no more. */
const wakeWaiting = async ({ stores, wake }: StartParts, invokeId: string): Promise<void> => {
  for await (const tasks of chunks(stores, invokeId))
    wake(tasks.filter(({ state }) => state === 'Scheduled').map(({ instanceId }) => instanceId))
}
