import { UsageError } from '../../command-line/failures.js'
import type { Pair } from '../../command-line/options.js'
import { listAt, type Members, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { pages } from '../pages.js'

export interface TargetChoice {
  readonly instanceIds: readonly string[]
  readonly tags: readonly Pair[]
  readonly all: boolean
  /** Leave out hosts without a live agent. */
  readonly liveOnly: boolean
}

export interface Target {
  readonly instanceId: string
  /** `''` when it was not looked up. */
  readonly name: string
}

export interface Targets {
  readonly targets: readonly Target[]
  /** Hosts that were chosen but left out, by reason. */
  readonly skipped: { readonly otherSystem: number; readonly silent: number }
}

export const COMMAND_TYPES = ['RunShellScript', 'RunPowerShellScript', 'RunBatScript'] as const
export type CommandType = (typeof COMMAND_TYPES)[number]

/** Refuses a choice that is empty or contradicts itself, before anything is asked of the server. */
export const checkChoice = ({ instanceIds, tags, all, liveOnly }: TargetChoice): void => {
  const ways = [instanceIds.length > 0, tags.length > 0, all].filter(Boolean).length
  if (ways === 0) throw new UsageError('no host is chosen: give --instance-id, --tag or --all.')
  if (ways > 1) throw new UsageError('choose hosts by --instance-id, --tag or --all, not by several of them.')
  if (liveOnly && instanceIds.length > 0) throw new UsageError('--live-only goes with --tag and --all.')
}

/**
 * The hosts of a choice. Ids are taken as they are: the server checks them. By tag or all: those of the inventory whose
 * system runs this type of command, since one that does not would make the server refuse the whole run.
 */
export const findTargets = async (
  api: Api,
  choice: TargetChoice,
  type: CommandType,
  signal?: AbortSignal,
): Promise<Targets> => {
  if (choice.instanceIds.length > 0) {
    const targets = [...new Set(choice.instanceIds)].map((instanceId) => ({ instanceId, name: '' }))
    return { targets, skipped: { otherSystem: 0, silent: 0 } }
  }
  const filter: FlatParameters = choice.tags.flatMap(({ name, value }, index) => [
    [`Tag.${index + 1}.Key`, name] as const,
    ...(value === undefined ? [] : [[`Tag.${index + 1}.Value`, value] as const]),
  ])
  const targets: Target[] = []
  const skipped = { otherSystem: 0, silent: 0 }
  for await (const answer of pages(api, 'DescribeInstances', filter, 100, signal)) {
    for (const instance of listAt(answer, 'Instances', 'Instance')) {
      if (!canRun(instance, type)) skipped.otherSystem += 1
      else if (choice.liveOnly && textAt(instance, 'Status') !== 'Running') skipped.silent += 1
      else targets.push({ instanceId: textAt(instance, 'InstanceId'), name: textAt(instance, 'InstanceName') })
    }
  }
  return { targets, skipped }
}

const canRun = (instance: Members, type: CommandType): boolean => {
  const isWindows = textAt(instance, 'OSType').toLowerCase() === 'windows'
  return isWindows === (type !== 'RunShellScript')
}
