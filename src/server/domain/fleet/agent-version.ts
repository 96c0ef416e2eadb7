// Agent versions such as 2.2.3.578, and what needs which (api.md §12). Pure.
import type { OsType } from './instances.js'

/** Compares dotted numbers: negative when `a` is older. Parts that are not numbers count as 0. */
export const compareVersions = (a: string, b: string): number => {
  const left = a.split('.')
  const right = b.split('.')
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (Number(left[index]) || 0) - (Number(right[index]) || 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** A version that a feature came with, or the last one without it. */
type Gate = { readonly from: string } | { readonly after: string }

/**
 * The gates of api.md §12 that a task may meet: Linux (and FreeBSD), Windows. A host with an older agent ends such a task
 * as ClientNeedUpgrade.
 */
export const VERSION_GATES = {
  'send-file': [{ after: '1.0.2.569' }, { after: '1.0.0.149' }],
  'rate, at, year and zone': [{ from: '2.2.3.282' }, { from: '2.1.3.282' }],
  'ACS::InstanceId': [{ from: '2.2.3.309' }, { from: '2.1.3.309' }],
  'ACS::InvokeId': [{ from: '2.2.3.309' }, { from: '2.1.3.309' }],
  'ACS::CommandId': [{ from: '2.2.3.309' }, { from: '2.1.3.309' }],
  'ACS::InstanceName': [{ from: '2.2.3.344' }, { from: '2.1.3.344' }],
  ModifyInvocationAttribute: [{ after: '2.2.3.541' }, { after: '2.1.3.541' }],
  // Linux only.
  containers: [{ from: '2.2.3.344' }, { from: '2.1.3.344' }],
} as const satisfies Readonly<Record<string, readonly [posix: Gate, windows: Gate]>>

export type GatedFeature = keyof typeof VERSION_GATES

/** True when an agent of this version has a feature. One whose version is no number has none. */
export const isNewEnough = (osType: OsType, version: string, feature: GatedFeature): boolean => {
  const gate: Gate = VERSION_GATES[feature][osType === 'Windows' ? 1 : 0]
  return 'from' in gate ? compareVersions(version, gate.from) >= 0 : compareVersions(version, gate.after) > 0
}

/** True when an agent of this version understands this kind of schedule. */
export const knowsSchedule = (
  osType: OsType,
  version: string,
  frequency: { readonly kind: 'cron' | 'rate' | 'at'; readonly isExtended?: boolean },
): boolean =>
  (frequency.kind === 'cron' && frequency.isExtended !== true) ||
  isNewEnough(osType, version, 'rate, at, year and zone')

const isGated = (feature: string): feature is GatedFeature => Object.hasOwn(VERSION_GATES, feature)

/** These need no version where there is one instance: the script is the same for all then (api.md §12). */
const OF_SEVERAL = ['InstanceId', 'InstanceName']

/** The built-in parameters of a script that need a version of the agent. */
export const gatedBuiltIns = (names: readonly string[], hasSeveralInstances: boolean): readonly string[] =>
  hasSeveralInstances ? names : names.filter((name) => !OF_SEVERAL.includes(name))

/** True when an agent of this version can fill in all these built-in parameters. */
export const fillsIn = (osType: OsType, version: string, builtIns: readonly string[]): boolean =>
  builtIns.every((name) => {
    const feature = `ACS::${name}`
    return !isGated(feature) || isNewEnough(osType, version, feature)
  })

/** True when an agent of this version can be sent files (api.md §9.1). */
export const takesFiles = (osType: OsType, version: string): boolean => isNewEnough(osType, version, 'send-file')

/** True when an agent of this version runs scripts in containers (api.md §5.5). */
export const runsInContainers = (osType: OsType, version: string): boolean => isNewEnough(osType, version, 'containers')

/** True when an agent of this version takes another version of a schedule in the place of the one that it has (api.md §7.2). */
export const takesVersions = (osType: OsType, version: string): boolean =>
  isNewEnough(osType, version, 'ModifyInvocationAttribute')
