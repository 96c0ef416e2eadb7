import { UsageError } from '../../command-line/failures.js'
import { text } from '../../command-line/options.js'
import type { FlatParameters } from '../call-operation.js'

const turns = 'Turns of the hosts'

/** How hosts get their turn, the same for all that is submitted to them. */
export const ROLLOUT_OPTIONS = {
  'max-concurrent': text('At most so many hosts at a time: a number, or a part such as 10%.', {
    value: 'HOSTS',
    group: turns,
  }),
  'stop-after': text('Once so many hosts failed, leave the others out: a number, or a part such as 5%.', {
    value: 'HOSTS',
    group: turns,
  }),
  waves: text('In waves of these sizes, the rest last, each when the one before is over: 1,10%,50%.', {
    value: 'SIZES',
    group: turns,
  }),
  'pause-between-waves': text('Between two waves, rest so long (90s, 10m, 2h), or until it is resumed: manual.', {
    value: 'TIME',
    group: turns,
  }),
  'offline-timeout': text('Wait so long for hosts that are away: 90s, 10m, 2h, 3d. Without it, they are left out.', {
    value: 'TIME',
    group: turns,
  }),
} as const

export interface RolloutValues {
  readonly 'max-concurrent'?: string | undefined
  readonly 'stop-after'?: string | undefined
  readonly waves?: string | undefined
  readonly 'pause-between-waves'?: string | undefined
  readonly 'offline-timeout'?: string | undefined
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** `10m` → 600. @throws UsageError */
const secondsOf = (option: string, value: string): number => {
  const found = /^([1-9][0-9]{0,6})([smhd])$/.exec(value)
  if (found === null) throw new UsageError(`--${option} is a time such as 90s, 10m, 2h or 3d, not ${value}.`)
  return Number(found[1]) * (SECONDS[found[2] ?? ''] ?? 1)
}

const SHARE = /^(?:[1-9][0-9]*|(?:[1-9][0-9]?|100)%)$/

const checkShare = (option: string, value: string | undefined): void => {
  if (value !== undefined && !SHARE.test(value))
    throw new UsageError(`--${option} is a number of hosts, such as 5, or a part of them, such as 10%, not ${value}.`)
}

/** The parameters of the API that these options stand for; none when none was given. @throws UsageError */
export const rolloutParameters = (options: RolloutValues): FlatParameters => {
  const { 'max-concurrent': most, 'stop-after': stopAfter, waves } = options
  const { 'pause-between-waves': pause, 'offline-timeout': offline } = options
  checkShare('max-concurrent', most)
  checkShare('stop-after', stopAfter)
  for (const size of waves?.split(',') ?? []) checkShare('waves', size.trim())
  if (pause !== undefined && waves === undefined) throw new UsageError('--pause-between-waves goes with --waves.')
  if (stopAfter !== undefined && most === undefined && waves === undefined)
    throw new UsageError('--stop-after goes with --max-concurrent or --waves: all at once, nobody would be left out.')
  return (
    [
      ['MaxConcurrency', most],
      ['StopAfterFailures', stopAfter],
      ['Waves', waves?.replaceAll(' ', '')],
      [
        'PauseBetweenWaves',
        pause === undefined || pause === 'manual' ? pause && 'Manual' : String(secondsOf('pause-between-waves', pause)),
      ],
      ['OfflineTimeout', offline === undefined ? undefined : String(secondsOf('offline-timeout', offline))],
    ] as const
  ).filter((pair): pair is readonly [(typeof pair)[0], string] => pair[1] !== undefined)
}
