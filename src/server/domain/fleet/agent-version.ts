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

/** Oldest version that fills in a built-in parameter, by its name: Linux (and FreeBSD), Windows. */
const BUILT_IN_SINCE: ReadonlyMap<string, readonly [string, string]> = new Map(
  Object.entries({
    InstanceId: ['2.2.3.309', '2.1.3.309'],
    InvokeId: ['2.2.3.309', '2.1.3.309'],
    CommandId: ['2.2.3.309', '2.1.3.309'],
    InstanceName: ['2.2.3.344', '2.1.3.344'],
  } as const),
)

/** Rates, times, years and zones (api.md §6). */
const SCHEDULES_SINCE = ['2.2.3.282', '2.1.3.282'] as const

/** True when an agent of this version understands this kind of schedule. */
export const knowsSchedule = (
  osType: OsType,
  version: string,
  frequency: { readonly kind: 'cron' | 'rate' | 'at'; readonly isExtended?: boolean },
): boolean =>
  (frequency.kind === 'cron' && frequency.isExtended !== true) ||
  compareVersions(version, SCHEDULES_SINCE[osType === 'Windows' ? 1 : 0]) >= 0

/** True when an agent of this version can fill in all these built-in parameters. */
export const fillsIn = (osType: OsType, version: string, builtIns: readonly string[]): boolean =>
  builtIns.every((name) => {
    const since = BUILT_IN_SINCE.get(name)
    return since === undefined || compareVersions(version, since[osType === 'Windows' ? 1 : 0]) >= 0
  })

/** True when an agent of this version can be sent files: versions behind these (api.md §9.1). */
export const takesFiles = (osType: OsType, version: string): boolean =>
  compareVersions(version, osType === 'Windows' ? '1.0.0.149' : '1.0.2.569') > 0
