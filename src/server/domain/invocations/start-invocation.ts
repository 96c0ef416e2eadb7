import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Caller, Repeatable, Scope } from '../access/scope.js'
import type { Clock, Ids } from '../clock.js'
import type { Command, NewCommand } from '../commands/commands.js'
import { builtInNames, checkLength, fillIn, parameterValues, textOfScript } from '../commands/custom-parameters.js'
import { checkScript } from '../commands/keep-commands.js'
import { parseLauncher } from '../commands/launcher.js'
import { definedValues, type PublicCommands } from '../commands/public-commands.js'
import { Fault, someOf } from '../faults.js'
import { hostsToRunAgain } from '../rollouts/hosts-to-run-again.js'
import { gatedBuiltIns } from '../fleet/agent-version.js'
import type { TargetRow } from '../fleet/instance-store.js'
import type { PresenceTable } from '../fleet/presence.js'
import { checkOutputDelivery } from '../outputs/output-delivery.js'
import type { OutputStores } from '../outputs/output-stores.js'
import { checkSecrets } from '../secrets/check-secrets.js'
import type { UnitOfWork, Writing } from '../unit-of-work.js'
import { isPaced, planOf } from '../rollouts/plan.js'
import type { Pacer } from '../rollouts/pacer.js'
import { admit, type Needs } from './admit.js'
import { isDefaultUser } from './default-user.js'
import type { Invocations, RunRequest, Targets } from './invocations.js'
import { isContained, type RunOptions } from './run-options.js'
import { type Frequency, parseFrequency, problemOf } from '../../../schedule/frequency.js'
import type { RepeatMode } from './repeat-modes.js'
import { takenOver, takenOverForCommand } from './taken-over.js'
import { classOf, isFinal } from './task-states.js'
import type { ToldFeatures } from './told-features.js'

/** Targets written in one transaction: more would hold the event loop (design §4, §8). */
const CHUNK = 500

export interface StartParts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  readonly presence: PresenceTable
  readonly outputStores: OutputStores
  readonly publicCommands: PublicCommands
  readonly features: ToldFeatures
  readonly wake: (instanceIds: readonly string[]) => void
  readonly pacer: Pick<Pacer, 'begin'>
  readonly limits: {
    readonly instancesPerInvocation: number
    /** The same for one that has a rollout. */
    readonly instancesPerRollout: number
    /** Kept commands in one region of an account. */
    readonly commandQuota: number
    /** Invocations of an account in a region on one day (UTC); undefined for no limit. */
    readonly invocationsPerDay: number | undefined
  }
}

interface Script extends NewCommand {
  readonly commandId: string
  readonly parameterNames: readonly string[]
}

type Started = { readonly commandId: string; readonly invokeId: string }

/** The verbs that begin invocations. */
export const startInvocation = (parts: StartParts): Pick<Invocations, 'run' | 'invoke'> => {
  const { stores, ids, limits } = parts
  return {
    async run(scope, caller, submitted, asked, repeat) {
      const { command, request } = await takenOver(stores, scope, submitted, asked)
      const parameterNames = checkScript(command)
      const script = { ...command, commandId: ids.next('c'), parameterNames }
      const keep = async (w: Writing, now: number): Promise<void> => {
        if (!command.keep) return
        if ((await w.commands.countKept(scope)) >= limits.commandQuota)
          throw new Fault('command/quota-exceeded', [limits.commandQuota])
        await w.commands.add(scope, { ...script, tags: [], kept: true, createdAt: now })
        await w.commands.countInvocation(scope, script.commandId)
      }
      return answerOnce(stores, scope, repeat, () =>
        start(parts, 'RunCommand', scope, caller, script, command.keep, request, repeat, keep, (started) => started),
      )
    },

    async invoke(scope, caller, commandId, asked, repeat) {
      const request = await takenOverForCommand(stores, scope, asked)
      return answerOnce(stores, scope, repeat, () => invoke(scope, caller, commandId, request, repeat))
    },
  }

  async function invoke(
    scope: Scope,
    caller: Caller,
    commandId: string,
    request: RunRequest,
    repeat: Repeatable | undefined,
  ): Promise<{ invokeId: string }> {
    const published = parts.publicCommands.find(commandId)
    if (published !== undefined) return invokePublic(scope, caller, published, request, repeat)
    const command = await stores.read.commands.find(scope, commandId)
    if (command === undefined || !command.kept) throw new Fault('command/not-found')
    const count = async (w: Writing): Promise<void> => {
      // It may have been deleted since.
      if (!(await w.commands.hold(scope, commandId))) throw new Fault('command/not-found')
      await w.commands.countInvocation(scope, commandId)
    }
    const answer = ({ invokeId }: Started): { invokeId: string } => ({ invokeId })
    return start(parts, 'InvokeCommand', scope, caller, command, true, request, repeat, count, answer)
  }

  function invokePublic(
    scope: Scope,
    caller: Caller,
    command: Command,
    request: RunRequest,
    repeat: Repeatable | undefined,
  ): Promise<{ invokeId: string }> {
    const parameters = definedValues(command.publication?.definitions ?? [], request.parameters)
    const nothing = (): Promise<void> => Promise.resolve()
    const answer = ({ invokeId }: Started): { invokeId: string } => ({ invokeId })
    const values = { ...request, parameters }
    return start(parts, 'InvokeCommand', scope, caller, command, true, values, repeat, nothing, answer)
  }
}

const start = async <A>(
  parts: StartParts,
  action: string,
  scope: Scope,
  caller: Caller,
  script: Script,
  keepCommand: boolean,
  request: RunRequest,
  repeat: Repeatable | undefined,
  first: (w: Writing, now: number) => Promise<void>,
  answerOf: (started: Started) => A,
): Promise<A> => {
  const { stores, clock, ids, presence, limits } = parts
  // What is wrong in itself comes before what is not there (api.md §1).
  const windowsPasswordName = passwordNameOf(script, request)
  const launcher = request.launcher ?? script.launcher
  parseLauncher(launcher)
  const outputDelivery = checkOutputDelivery(request.outputDelivery, parts.outputStores)
  const terminationMode = request.terminationMode ?? ''
  const { containerId = '', containerName = '' } = request
  const contained = isContained({ containerId, containerName })
  const options: RunOptions = { type: script.type, launcher, terminationMode, contained }
  const timeoutSeconds = request.timeoutSeconds ?? script.timeoutSeconds
  const schedule = scheduleOf(request, timeoutSeconds, clock.now())
  if (
    request.rollout !== undefined &&
    isPaced(request.rollout) &&
    schedule.mode !== 'Once' &&
    schedule.mode !== 'DryRun'
  )
    throw new Fault('rollout/not-once')
  const values = parameterValues(script.enableParameter, script.parameterNames, request.parameters)
  const filledIn = filledInOf(script, values)
  // The agent will have to fill these in: values may bring some with them.
  const builtIns = builtInNames(filledIn)
  const targets = await findTargets(parts, scope, request)
  checkTargets(script, targets, request.resourceGroupId)
  const secrets = await checkSecrets(stores, scope, filledIn, request.allowSecretOnDisk === true)
  await presence.prefetch(targets.map((target) => target.instanceId))

  const now = clock.now()
  const invokeId = ids.next('t')
  const needs: Needs = {
    options,
    builtIns: gatedBuiltIns(builtIns, targets.length > 1),
    secrets,
    mode: schedule.mode,
    frequency: schedule.frequency,
  }
  const plan = request.rollout === undefined ? undefined : planOf(request.rollout, targets.length, now)
  const tasks =
    plan === undefined
      ? targets.map((target) => admit(target, presence, parts.features, needs, now))
      : targets.map(({ instanceId }, position) => waiting(instanceId, position))
  const answer = answerOf({ commandId: script.commandId, invokeId })
  const begin = async (w: Writing): Promise<void> => {
    if (limits.invocationsPerDay !== undefined) {
      const today = now - (now % 86_400_000)
      if ((await w.invocations.countSince(scope, today)) >= limits.invocationsPerDay)
        throw new Fault('invocation/quota-exceeded')
    }
    await first(w, now)
    await w.invocations.add(scope, {
      invokeId,
      commandId: script.commandId,
      commandName: script.name,
      commandDescription: script.description,
      commandType: script.type,
      content: script.content,
      enableParameter: script.enableParameter,
      parameters: JSON.stringify(
        Object.fromEntries([...(request.parameters ?? [])].map(([name, value]) => [name, String(value)])),
      ),
      secrets,
      username: request.username,
      windowsPasswordName,
      workingDir: request.workingDir ?? script.workingDir,
      launcher,
      terminationMode,
      containerId,
      containerName,
      outputDelivery,
      timeoutSeconds,
      resourceGroupId: request.resourceGroupId,
      keepCommand,
      repeatMode: schedule.mode,
      frequency: request.frequency ?? '',
      invokedBy: caller.accessKeyId,
      createdAt: now,
      tags: request.tags,
    })
  }
  const addChunk = async (w: Writing, from: number): Promise<void> => {
    // It took so long that it was taken back as one that nobody goes on with.
    if (from > 0 && !(await w.invocations.holdUnwritten(invokeId))) throw new Fault('store/unavailable')
    const chunk = tasks.slice(from, from + CHUNK)
    const kind = { repeatMode: schedule.mode, deliversOutput: outputDelivery !== '' }
    await w.tasks.add(invokeId, chunk, kind, now)
    // Upstream: a dry run is none (design §4).
    if (schedule.mode !== 'DryRun') {
      const instanceIds = chunk.map((task) => task.instanceId)
      await w.instances.countInvocation(scope, instanceIds, now)
    }
    for (const task of chunk) {
      w.invocations.tally(invokeId, undefined, classOf(task.state), 1)
      if (isFinal(task.state)) w.taskEnded(task.state, invokeId)
    }
  }
  const finish = async (w: Writing): Promise<void> => {
    if (plan !== undefined) await w.rollouts.add(scope, { ...plan, invokeId, kind: 'invocation', createdAt: now })
    await w.invocations.commit(invokeId)
    if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
    w.audit({
      ...scope,
      at: now,
      actor: actorOf(scope),
      action,
      subject: invokeId,
      detail: { instances: tasks.length, commandId: script.commandId },
    })
  }

  const wake = (): void => {
    if (plan === undefined) parts.wake(tasks.filter((task) => task.state === 'Pending').map((task) => task.instanceId))
    else parts.pacer.begin(invokeId, 'invocation')
  }
  try {
    // Until the last chunk commits, nobody sees the invocation and no agent is handed a task of it.
    for (let from = 0; from < tasks.length; from += CHUNK) {
      await stores.write(async (w) => {
        if (from === 0) await begin(w)
        await addChunk(w, from)
        if (from + CHUNK >= tasks.length) await finish(w)
      })
    }
  } catch (cause) {
    // Where the answer of a commit was lost it may be there: then its hosts must not wait for it.
    if (isUnavailable(cause)) wake()
    // What cannot be taken back now is taken back by a sweep.
    if (tasks.length > CHUNK) await removeUncommitted(stores, invokeId).catch(() => undefined)
    throw cause
  }
  wake()
  return answer
}

/** A script with its custom parameters; `''` for one without any. Fault: `command/content-too-long`. */
export const filledInOf = (
  script: Pick<Script, 'content' | 'enableParameter'>,
  values: ReadonlyMap<string, string>,
): string => {
  const filledIn = script.enableParameter ? fillIn(textOfScript(script.content), values) : ''
  checkLength(filledIn.length)
  return filledIn
}

export const findTargets = async (
  { stores, limits }: Pick<StartParts, 'stores' | 'limits'>,
  scope: Scope,
  { targets, rollout }: Pick<RunRequest, 'targets' | 'rollout'>,
): Promise<readonly TargetRow[]> => {
  const most = rollout === undefined ? limits.instancesPerInvocation : limits.instancesPerRollout
  const instanceIds = await targetIds(stores, scope, targets, most + 1)
  if (instanceIds.length > most) throw new Fault('instance/too-many')
  const found = new Map<string, TargetRow>()
  for (let from = 0; from < instanceIds.length; from += CHUNK) {
    for (const target of await stores.read.instances.targets(scope, instanceIds.slice(from, from + CHUNK)))
      found.set(target.instanceId, target)
    if (from > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const isThere = targets.by === 'failure'
  if (isThere && found.size === 0) throw new Fault('rerun/nothing-to-run')
  if (!isThere && found.size < instanceIds.length) {
    const missing = instanceIds.filter((id) => !found.has(id))
    throw new Fault('instance/not-found', [], { detail: `There is no instance ${someOf(missing)}.` })
  }
  // In the order in which they were named: that is the order of a rollout.
  return instanceIds.flatMap((instanceId) => found.get(instanceId) ?? [])
}

const targetIds = async (
  stores: UnitOfWork,
  scope: Scope,
  targets: Targets,
  most: number,
): Promise<readonly string[]> => {
  if (targets.by === 'id') return [...new Set(targets.instanceIds)]
  if (targets.by === 'tag') {
    const tagged = await stores.read.instances.withTags(scope, targets.tags, most)
    if (tagged.length === 0) throw new Fault('resource-tag/no-instance')
    return tagged
  }
  if (!(await stores.read.invocations.exists(scope, targets.invokeId))) throw new Fault('invocation/not-found')
  return hostsToRunAgain(stores, scope, stores.read.tasks, targets.invokeId, targets.among, most)
}

const waiting = (instanceId: string, position: number) => ({
  instanceId,
  state: 'Waiting' as const,
  errorCode: '',
  errorInfo: '',
  deadlineAt: undefined,
  position,
})

export const checkTargets = (
  script: Pick<Script, 'type'>,
  targets: readonly TargetRow[],
  resourceGroupId: string,
): void => {
  const forWindows = script.type !== 'RunShellScript'
  for (const target of targets) {
    if ((target.osType === 'Windows') !== forWindows) throw new Fault('instance/does-not-match-command')
    // Instances outside the default group must belong to the group of the run (api.md §2.4).
    if (resourceGroupId !== '' && target.resourceGroupId !== '' && target.resourceGroupId !== resourceGroupId)
      throw new Fault('operation/forbidden')
  }
}

/**
 * Upstream: a user of Windows needs the name of a stored password (api.md §5.5), the default ones do not. Elsewhere, and
 * without a user, it has no effect. Fault: `user/password-missing`.
 */
const passwordNameOf = (script: Script, { username, windowsPasswordName = '' }: RunRequest): string => {
  if (script.type === 'RunShellScript' || username === '' || isDefaultUser(script.type, username)) return ''
  if (windowsPasswordName === '') throw new Fault('user/password-missing')
  return windowsPasswordName
}

interface Schedule {
  readonly mode: RepeatMode
  readonly frequency: Frequency | undefined
}

/** Upstream: a frequency makes a run periodic, whatever its mode says (api.md §5.4). */
const scheduleOf = ({ repeatMode = 'Once', frequency }: RunRequest, timeoutSeconds: number, now: number): Schedule => {
  if (frequency === undefined) {
    if (repeatMode === 'Period') throw new Fault('frequency/missing')
    return { mode: repeatMode, frequency: undefined }
  }
  const parsed = parseFrequency(frequency)
  if (parsed === undefined || problemOf(parsed, timeoutSeconds, now) !== undefined)
    throw new Fault('frequency/not-possible')
  return { mode: 'Period', frequency: parsed }
}

const isUnavailable = (cause: unknown): boolean => cause instanceof Fault && cause.kind === 'store/unavailable'

/** Takes back an invocation that was not written to its end, in chunks; one that was is left as it is. */
export const removeUncommitted = async (stores: UnitOfWork, invokeId: string): Promise<void> => {
  for (;;) {
    const removed = await stores.write(async (w) => {
      if (!(await w.invocations.holdUnwritten(invokeId))) return 0
      const scope = await w.invocations.scopeOf(invokeId)
      const instanceIds = await w.tasks.removeOfInvocation(invokeId, CHUNK)
      const isDry = (await w.invocations.script(invokeId))?.repeatMode === 'DryRun'
      if (scope !== undefined && instanceIds.length > 0 && !isDry)
        await w.instances.uncountInvocation(scope, instanceIds)
      if (instanceIds.length < CHUNK) await w.invocations.remove(invokeId)
      return instanceIds.length
    })
    if (removed < CHUNK) return
  }
}
