// What callers asked for, what hosts did, and what the server acknowledged of both. No state of the server's is in here: what
// the server tells is judged by these facts (judge.ts).
import type { ModelHost } from './model-host.js'

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
  /** Of the script, as every host must get it. */
  readonly content: string
  /** For what repeats: the distance of its runs, or their times, on the host's clock. */
  readonly intervalMs: number
  readonly times: readonly number[]
  /** On the server's clock. */
  readonly submittedAt: number
  /** `''`: it brought its command along. */
  readonly commandId: string
  readonly tasks: readonly TaskFacts[]
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

export interface TaskFacts {
  readonly invocation: InvocationFacts
  readonly host: ModelHost
  /** The host was live when it was submitted; undefined where that was in doubt. */
  readonly wasLive: boolean | undefined
  /** Each answer that had it, whether it arrived or not: when, on the server's clock, and to which process. */
  readonly handed: { readonly at: number; readonly process: number }[]
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
