// What callers asked for, what hosts did, and what the server acknowledged of both. No state of the server's is in here: what
// the server tells is judged by these facts (judge.ts).
import type { Chance } from '../load/random.js'
import type { ModelHost } from './model-host.js'
import type { RolloutFacts } from './rollouts.js'

export type Mode = 'Once' | 'DryRun' | 'Rate' | 'Cron' | 'At' | 'NextRebootOnly' | 'EveryReboot'

export const isSchedule = (mode: Mode): mode is 'Rate' | 'Cron' | 'At' =>
  mode === 'Rate' || mode === 'Cron' || mode === 'At'

export const waitsForStart = (mode: Mode): boolean => mode === 'NextRebootOnly' || mode === 'EveryReboot'

/** Runs more than once, each with a row in the history. */
export const runsOften = (mode: Mode): boolean => isSchedule(mode) || mode === 'EveryReboot'

export interface InvocationFacts {
  /** Counts from 1; also what its scripts print. */
  readonly number: number
  /** `''` while its submission is not answered. */
  id: string
  readonly mode: Mode
  readonly timeoutMs: number
  /** What it was submitted as, and what it was changed to since. */
  readonly versions: Version[]
  readonly rollout: RolloutFacts | undefined
  /** On the server's clock. */
  readonly submittedAt: number
  /** `''`: it brought its command along. */
  readonly commandId: string
  readonly tasks: TaskFacts[]
}

/** What a host is handed. */
export interface Version {
  /** Of the script, as every host must get it. */
  readonly content: string
  /** For what repeats: the distance of its runs, or their times, on the host's clock. */
  readonly frequency?: string
  readonly intervalMs: number
  readonly times: readonly number[]
}

/** How something on a host came to its end. */
export type End =
  | { readonly kind: 'finish'; readonly exitCode: number }
  | { readonly kind: 'timeout' | 'stopped' | 'verified' }
  | { readonly kind: 'error' | 'invalid' }

/** One start of a script on a host, or one check of a dry run. */
export interface RunFacts {
  /** Counts from 1. */
  readonly number: number
  /** The start by the host's clock, which names it. */
  readonly raw: number
  /** On the server's clock, the first time: its start was acknowledged. */
  startToldAt: number | undefined
  end: End | undefined
  /** Its end was acknowledged. */
  endTold: boolean
  /** A clock was set before the server heard of it: then nobody can say when it began. */
  clockSet: boolean
}

/** An answer that had something, whether it arrived or not. */
export interface HandedOut {
  /** On the server's clock. */
  readonly at: number
  readonly process: number
  /** The process had been heard to beat: before that, only times tell it from the one before. */
  readonly isHeard: boolean
}

/** Nobody can tell that what took these is still there: both clocks were set, or the server's before its first beat came. */
export const isInDoubt = ({ process }: ModelHost, handed: readonly HandedOut[]): boolean =>
  process.isServersSet && (process.isClockSet || handed.some(({ isHeard }) => !isHeard))

export interface TaskFacts {
  readonly invocation: InvocationFacts
  readonly host: ModelHost
  /** The host was live when it was submitted; undefined where that was in doubt. */
  wasLive: boolean | undefined
  /** On the server's clock: when it was submitted, or added. */
  addedAt: number
  /** Each answer that had it, whether it arrived or not: when, on the server's clock, and to which process. */
  readonly handed: HandedOut[]
  readonly runs: RunFacts[]
  /** A stop of it was acknowledged. */
  stopTold: boolean
  /** "I do not know it" to a stop, "I have it already", "there are no further runs", "I do not take this schedule". */
  unknownTold: boolean
  existsTold: boolean
  completedTold: boolean
  refusedTold: boolean
  /** Runs that failed before they had a start to be named by. */
  unnamedTold: number
  /** The server's clock was set while it was there: deadlines are by that clock. */
  clockSet: boolean
}

export const newTask = (invocation: InvocationFacts, host: ModelHost, addedAt: number): TaskFacts => ({
  invocation,
  host,
  wasLive: undefined,
  addedAt,
  handed: [],
  runs: [],
  stopTold: false,
  unknownTold: false,
  existsTold: false,
  completedTold: false,
  refusedTold: false,
  unnamedTold: 0,
  clockSet: false,
})

/** A schedule of a kind; none for what has no schedule. */
export const scheduleOf = (mode: Mode, now: number, chance: Chance): Omit<Version, 'content'> => {
  if (mode === 'Rate') {
    const minutes = chance.pick([1, 1, 2])
    return { frequency: `rate(${minutes}m)`, intervalMs: minutes * 60_000, times: [] }
  }
  if (mode === 'At') {
    const at = Math.ceil(now / 1_000) * 1_000 + chance.between(20, 480) * 1_000
    const frequency = `at(${new Date(at).toISOString().slice(0, 19).replace('T', ' ')})`
    return { frequency, intervalMs: 0, times: [at] }
  }
  if (mode !== 'Cron') return { intervalMs: 0, times: [] }
  const first = (Math.floor(now / 60_000) + chance.between(1, 4)) * 60_000
  const hour = Math.floor(first / 3_600_000)
  const times = [0, 1, 2]
    .slice(0, chance.between(1, 3))
    .map((more) => first + more * 60_000)
    .filter((time) => Math.floor(time / 3_600_000) === hour)
  const day = new Date(first)
  const minutes = times.map((time) => new Date(time).getUTCMinutes()).join(',')
  const rest = `${day.getUTCHours()} ${day.getUTCDate()} ${day.getUTCMonth() + 1} ? ${day.getUTCFullYear()} UTC`
  return { frequency: `0 ${minutes} ${rest}`, intervalMs: 0, times }
}

/** What a run prints. */
export const tokenOf = (task: TaskFacts, run: RunFacts): string => `#${task.invocation.number}.${run.number};`

/** Any report about it was acknowledged. */
export const anythingTold = (task: TaskFacts): boolean =>
  task.existsTold ||
  task.unknownTold ||
  task.refusedTold ||
  task.completedTold ||
  task.unnamedTold > 0 ||
  task.runs.some((run) => run.startToldAt !== undefined || run.endTold)
