// Options of a run that not every agent knows: who can do what, and what the server does for one that cannot. Pure.
import type { CommandType } from '../commands/commands.js'
import { bytesOfScript, fillInBuiltIns, textOfScript } from '../commands/custom-parameters.js'
import type { OsType } from '../fleet/instances.js'
import type { AgentFeature, HandedOutTask } from './agent-tasks.js'
import { isDefaultUser } from './default-user.js'
import type { TerminationMode } from './invocations.js'
import { wrapperScript } from './wrapper-script.js'

export interface RunOptions {
  readonly type: CommandType
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  /** True for a script that runs in a container. */
  readonly contained: boolean
}

/** Whether a script runs in a container of its host. */
export const isContained = (where: { readonly containerId: string; readonly containerName: string }): boolean =>
  where.containerId !== '' || where.containerName !== ''

/** The options of an invocation that was written down. */
export const optionsOf = (script: {
  readonly commandType: CommandType
  readonly launcher: string
  readonly terminationMode: TerminationMode | ''
  readonly containerId: string
  readonly containerName: string
}): RunOptions => ({
  type: script.commandType,
  launcher: script.launcher,
  terminationMode: script.terminationMode,
  contained: isContained(script),
})

/**
 * Why no agent can do this, and the server cannot do it for one either; undefined when somebody can. Only the vendor's
 * agent runs on Windows, and there is no wrapper for PowerShell or a batch.
 */
export const notApplicable = (osType: OsType, options: RunOptions): string | undefined => {
  const { type, launcher, terminationMode, contained } = options
  if (contained) {
    if (osType !== 'Linux' || type !== 'RunShellScript') return 'containers are for shell scripts on Linux only'
    if (launcher !== '') return 'Launcher does not start scripts in containers'
    if (terminationMode === 'ProcessTree') return 'TerminationMode=ProcessTree does not count in containers'
  }
  if (type === 'RunShellScript') return undefined
  if (launcher !== '') return 'Launcher is for shell scripts only on this server'
  return terminationMode === 'ProcessTree'
    ? 'TerminationMode=ProcessTree is for shell scripts only on this server'
    : undefined
}

/** Whether an agent says what it can do. The vendor's says nothing. */
export const saysWhatItCan = (supports: ReadonlySet<AgentFeature> | undefined): boolean => (supports?.size ?? 0) > 0

/**
 * Upstream: the vendor's agent refuses the name of its own user (agent-protocol.md §6.3). Ours, which may run as another,
 * finds out by itself whose the name is.
 */
const withoutDefaultUser = (task: HandedOutTask): HandedOutTask =>
  isDefaultUser(task.type, task.username) ? { ...task, username: '' } : task

/**
 * A task as an agent can do it: one that does not know launchers or termination modes gets a script around the script
 * that does their work. Built-in parameters are filled in before, as within the wrapper a value would be read by a shell.
 */
export const supply = (given: HandedOutTask, supports: ReadonlySet<AgentFeature> | undefined): HandedOutTask => {
  if (given.refused !== undefined) return given
  const isVendors = !saysWhatItCan(supports)
  const task = isVendors ? withoutDefaultUser(given) : given
  const { launch, terminationMode, ...plain } = task
  if (isContained(task)) {
    // The vendor's agent says nothing and can, from the version on that was asked for; it must never run on the host instead.
    if (!isVendors && supports?.has('container') !== true)
      return notApplicableTo(task, 'the agent of the host runs no scripts in containers')
    // Upstream: it ends its own client of the runtime, and the process in the container lives on.
    if (isVendors && terminationMode !== undefined)
      return notApplicableTo(task, 'the agent of the host ends no processes in containers')
    // Ours ends them without being asked to.
    return plain
  }
  const canLaunch = launch === undefined || supports?.has('launcher') === true
  // Upstream: it ends the shell that it started, which on some systems is not the script.
  const canEnd = terminationMode === undefined ? !isVendors : supports?.has('termination-mode') === true
  if (canLaunch && canEnd) return task
  const content = filledIn(task)
  // On Windows the vendor's agent ends the process of the script, which is all that gets here.
  if (task.type !== 'RunShellScript') return { ...plain, content, enableParameter: false }
  const isPlain = launch === undefined && terminationMode === undefined
  const wrapped = isPlain ? endable(content) : wrapperScript(content, launch, terminationMode ?? 'Process')
  return { ...plain, content: wrapped, enableParameter: false }
}

const notApplicableTo = (task: HandedOutTask, why: string): HandedOutTask => ({
  ...task,
  refused: { param: 'CommandNotApplicable', why },
})

/** Older agents of the vendor do not know every built-in parameter, and in a wrapper a shell would read their values. */
const filledIn = ({ content, enableParameter, builtInParameters }: HandedOutTask): Uint8Array =>
  enableParameter ? bytesOfScript(fillInBuiltIns(textOfScript(content), builtInParameters)) : content

/** One script mostly goes to many hosts. */
const endables = new WeakMap<Uint8Array, Uint8Array>()

/** The script as one that ends when its agent ends it. */
const endable = (content: Uint8Array): Uint8Array => {
  const known = endables.get(content)
  if (known !== undefined) return known
  const made = wrapperScript(content, undefined, 'Process', 'lenient')
  endables.set(content, made)
  return made
}
