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
    // The default is ended there as what was not asked for is: by whatever the runtime ends.
    if (terminationMode === 'ProcessTree') return 'TerminationMode=ProcessTree does not count in containers'
  }
  if (type === 'RunShellScript') return undefined
  if (launcher !== '') return 'Launcher is for shell scripts only on this server'
  return terminationMode === 'ProcessTree'
    ? 'TerminationMode=ProcessTree is for shell scripts only on this server'
    : undefined
}

/** An agent that says nothing of what it can do. */
const isVendors = (supports: ReadonlySet<AgentFeature> | undefined): boolean => (supports?.size ?? 0) === 0

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
  const task = isVendors(supports) ? withoutDefaultUser(given) : given
  const contained = isContained(task)
  // The vendor's agent says nothing and can, from the version on that was asked for; it must never run on the host instead.
  if (contained && !isVendors(supports) && supports?.has('container') !== true)
    return {
      ...task,
      refused: { param: 'CommandNotApplicable', why: 'the agent of the host runs no scripts in containers' },
    }
  const { launch, terminationMode, ...plain } = task
  const canLaunch = launch === undefined || supports?.has('launcher') === true
  const canEnd = terminationMode === undefined || supports?.has('termination-mode') === true
  if (canLaunch && canEnd) return task
  // On Windows the vendor's agent ends the process of the script, which is all that gets here.
  if (task.type !== 'RunShellScript') return plain
  const content = task.enableParameter
    ? bytesOfScript(fillInBuiltIns(textOfScript(task.content), task.builtInParameters))
    : task.content
  return { ...plain, content: wrapperScript(content, launch, terminationMode ?? 'Process'), enableParameter: false }
}
