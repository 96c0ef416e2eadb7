import { UsageError } from '../../command-line/failures.js'
import { text } from '../../command-line/options.js'
import type { FlatParameters } from '../call-operation.js'
import type { Rollout } from './rollouts.js'

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
  'pause-between-waves': text(
    'Between two waves, rest so long (90s, 10m, 2h), at most 115d, or until it is resumed: manual.',
    {
      value: 'TIME',
      group: turns,
    },
  ),
  'offline-timeout': text(
    'Wait so long for hosts that are away: 90s, 10m, 2h, 3d, at most 30d. Without it, they are left out.',
    {
      value: 'TIME',
      group: turns,
    },
  ),
} as const

export interface RolloutValues {
  readonly 'max-concurrent'?: string | undefined
  readonly 'stop-after'?: string | undefined
  readonly waves?: string | undefined
  readonly 'pause-between-waves'?: string | undefined
  readonly 'offline-timeout'?: string | undefined
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Seconds that the API takes at most: of a pause, and of 30 days. */
const LONGEST_PAUSE = 9_999_999
const LONGEST_OFFLINE_TIMEOUT = 2_592_000

/** `10m` → 600. @throws UsageError */
const secondsOf = (option: string, value: string, most: number): number => {
  const found = /^([1-9][0-9]{0,6})([smhd])$/.exec(value)
  if (found === null) throw new UsageError(`--${option} is a time such as 90s, 10m, 2h or 3d, not ${value}.`)
  const seconds = Number(found[1]) * (SECONDS[found[2] ?? ''] ?? 1)
  if (seconds <= most) return seconds
  throw new UsageError(`--${option} is ${value}, and can be ${Math.floor(most / 86_400)}d at most.`)
}

/** Of a number of hosts, as the API takes it. */
const MOST_HOSTS = 9_999_999
/** Waves of one rollout. */
const MOST_WAVES = 50
const SHARE = /^(?:[1-9][0-9]{0,6}|(?:[1-9][0-9]?|100)%)$/

const checkShare = (option: string, value: string | undefined): void => {
  if (value === undefined || SHARE.test(value)) return
  if (/^[0-9]{8,}$/.test(value))
    throw new UsageError(`--${option} is ${value}, and can be ${MOST_HOSTS.toLocaleString('en-US')} hosts at most.`)
  throw new UsageError(`--${option} is a number of hosts, such as 5, or a part of them, such as 10%, not ${value}.`)
}

/** Parameters of the API for how hosts get their turn. */
interface Turns {
  readonly MaxConcurrency?: string | undefined
  readonly StopAfterFailures?: string | undefined
  readonly Waves?: string | undefined
  readonly PauseBetweenWaves?: string | undefined
  readonly OfflineTimeout?: string | undefined
}

const turnsOf = (options: RolloutValues): Turns => {
  const { 'max-concurrent': most, 'stop-after': stopAfter, waves } = options
  const { 'pause-between-waves': pause, 'offline-timeout': offline } = options
  checkShare('max-concurrent', most)
  checkShare('stop-after', stopAfter)
  const sizes = waves?.split(',').map((size) => size.trim())
  for (const size of sizes ?? []) checkShare('waves', size)
  if (sizes !== undefined && sizes.length > MOST_WAVES)
    throw new UsageError(`--waves names ${sizes.length} waves, and can name ${MOST_WAVES}.`)
  return {
    MaxConcurrency: most,
    StopAfterFailures: stopAfter,
    Waves: sizes?.join(','),
    PauseBetweenWaves:
      pause === undefined || pause === 'manual'
        ? pause && 'Manual'
        : String(secondsOf('pause-between-waves', pause, LONGEST_PAUSE)),
    OfflineTimeout:
      offline === undefined ? undefined : String(secondsOf('offline-timeout', offline, LONGEST_OFFLINE_TIMEOUT)),
  }
}

const parametersOf = (turns: Turns): FlatParameters => {
  if (turns.PauseBetweenWaves !== undefined && turns.Waves === undefined)
    throw new UsageError('--pause-between-waves goes with --waves.')
  if (turns.StopAfterFailures !== undefined && turns.MaxConcurrency === undefined && turns.Waves === undefined)
    throw new UsageError('--stop-after goes with --max-concurrent or --waves: all at once, nobody would be left out.')
  return Object.entries(turns).filter((pair): pair is [string, string] => pair[1] !== undefined)
}

/** The parameters of the API that these options stand for; none when none was given. @throws UsageError */
export const rolloutParameters = (options: RolloutValues): FlatParameters => parametersOf(turnsOf(options))

/** The same for hosts that get their turns anew: as they had them, where the options say nothing else. @throws UsageError */
export const rolloutAgain = (options: RolloutValues, had: Rollout | undefined): FlatParameters => {
  const said = turnsOf(options)
  if (had === undefined) return parametersOf(said)
  const hadWaves = had.waves.includes(',')
  const pause = hadWaves && had.pauseBetweenWaves !== '' ? had.pauseBetweenWaves : undefined
  const maxConcurrency = said.MaxConcurrency ?? had.maxConcurrency?.toString()
  const waves = said.Waves ?? (hadWaves ? had.waves : undefined)
  // A halt of what was one wave for all has nothing left to hold.
  const halt = maxConcurrency === undefined && waves === undefined ? undefined : had.stopAfterFailures?.toString()
  return parametersOf({
    MaxConcurrency: maxConcurrency,
    StopAfterFailures: said.StopAfterFailures ?? halt,
    Waves: waves,
    PauseBetweenWaves: said.PauseBetweenWaves ?? pause,
    OfflineTimeout: said.OfflineTimeout ?? offlineSecondsOf(had),
  })
}

const offlineSecondsOf = ({ offlineDeadline, creationTime }: Rollout): string | undefined => {
  const seconds = Math.round((Date.parse(offlineDeadline) - Date.parse(creationTime)) / 1_000)
  return seconds > 0 ? String(seconds) : undefined
}
