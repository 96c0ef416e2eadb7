import { UsageError } from '../../command-line/failures.js'
import { flag, type Pair, pairs, texts } from '../../command-line/options.js'
import { listAt, type Members, textAt } from '../answer.js'
import type { Api, FlatParameters } from '../call-operation.js'
import { hostPages } from '../fleet.js'
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

const hosts = 'Hosts'

/** How hosts are chosen, the same for all that is submitted to them. */
export const HOST_OPTIONS = {
  'instance-id': texts('This host.', { value: 'ID', short: 'i', group: hosts }),
  tag: pairs('Hosts with this tag; with several, hosts with all of them. NAME alone: any value.', { group: hosts }),
  all: flag('All hosts.', { group: hosts }),
  'live-only': flag('With --tag and --all: leave out hosts without a live agent, as status tells it.', {
    group: hosts,
  }),
} as const

/** The choice that was made by these options; one that is empty or contradicts itself is refused. */
export const choiceOf = (options: {
  readonly 'instance-id': readonly string[]
  readonly tag: readonly Pair[]
  readonly all: boolean
  readonly 'live-only': boolean
}): TargetChoice => {
  const { tag: tags, all } = options
  const choice = { instanceIds: options['instance-id'], tags, all, liveOnly: options['live-only'] }
  checkChoice(choice)
  return choice
}

export const COMMAND_TYPES = ['RunShellScript', 'RunPowerShellScript', 'RunBatScript'] as const
export type CommandType = (typeof COMMAND_TYPES)[number]

/** Refuses a choice that is empty or contradicts itself, before anything is asked of the server. */
const checkChoice = ({ instanceIds, tags, all, liveOnly }: TargetChoice): void => {
  const ways = [instanceIds.length > 0, tags.length > 0, all].filter(Boolean).length
  if (ways === 0) throw new UsageError('no host is chosen: give --instance-id, --tag or --all.')
  if (ways > 1) throw new UsageError('choose hosts by --instance-id, --tag or --all, not by several of them.')
  if (liveOnly && instanceIds.length > 0) throw new UsageError('--live-only goes with --tag and --all.')
}

/**
 * The hosts of a choice. Ids are taken as they are: the server checks them. By tag or all: those of the inventory whose
 * system runs this type of command, since one that does not would make the server refuse the whole run.
 * @param type undefined: any system will do
 */
export const findTargets = async (
  api: Api,
  choice: TargetChoice,
  type: CommandType | undefined,
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
      if (type !== undefined && !canRun(instance, type)) skipped.otherSystem += 1
      else targets.push({ instanceId: textAt(instance, 'InstanceId'), name: textAt(instance, 'InstanceName') })
    }
  }
  if (!choice.liveOnly) return { targets, skipped }
  const live = await liveOf(api, targets, signal)
  return {
    targets: targets.filter(({ instanceId }) => live.has(instanceId)),
    skipped: { ...skipped, silent: targets.length - live.size },
  }
}

/** Those that are live as `status` means it: heard from, and reached at once. */
const liveOf = async (
  api: Api,
  targets: readonly Target[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> => {
  const live = new Set<string>()
  if (targets.length === 0) return live
  const instanceIds = targets.map(({ instanceId }) => instanceId)
  for await (const hosts of hostPages(api, { instanceIds, osType: undefined }, signal)) {
    for (const { instanceId, state } of hosts) if (state === 'live') live.add(instanceId)
  }
  return live
}

const canRun = (instance: Members, type: CommandType): boolean => {
  const isWindows = textAt(instance, 'OSType').toLowerCase() === 'windows'
  return isWindows === (type !== 'RunShellScript')
}
