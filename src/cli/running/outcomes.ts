import { EXIT } from '../../command-line/exit-codes.js'

/** How a command ended on one host, in the words of the API (api.md §8.2). */
export interface Outcome {
  readonly instanceId: string
  readonly name: string
  readonly invokeId: string
  readonly status: string
  readonly errorCode: string
  readonly errorInfo: string
  /** Absent unless a process ended by itself. */
  readonly exitCode?: number
  readonly output: string
  /** Bytes of output that the server did not keep. */
  readonly dropped: number
  /** What became of its delivery to a store; absent where there is none. */
  readonly delivery?: Delivery
  readonly startTime: string
  readonly finishTime: string
}

/** A delivery in the words of the API (api.md §5.5). */
export interface Delivery {
  readonly status: string
  /** `''` until it is there. */
  readonly uri: string
  readonly errorCode: string
  readonly errorInfo: string
}

export interface OutcomeGroup {
  /** What all of them have in common; its host is the first one. */
  readonly outcome: Outcome
  readonly hosts: readonly Outcome[]
}

const OPEN = new Set(['', 'Pending', 'Scheduled', 'Running', 'Stopping'])

/** Nothing will change it any more. */
export const isFinal = (status: string): boolean => !OPEN.has(status)

/** Hosts that answered the same in the same way, the largest group first, equally large ones in order of arrival. */
export const groupOutcomes = (outcomes: readonly Outcome[]): readonly OutcomeGroup[] => {
  const groups = new Map<string, Outcome[]>()
  for (const outcome of outcomes) {
    const { status, errorCode, errorInfo, exitCode, output, dropped } = outcome
    const key = JSON.stringify([status, errorCode, errorInfo, exitCode ?? null, output, dropped])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [outcome])
    else group.push(outcome)
  }
  return [...groups.values()]
    .flatMap((hosts) => (hosts[0] === undefined ? [] : [{ outcome: hosts[0], hosts }]))
    .toSorted((left, right) => right.hosts.length - left.hosts.length)
}

const NOT_REACHED = new Set(['Aborted', 'Timeout'])

/** It never got its turn, since its rollout ended: in the words of a file (`RolloutEnded`), and of a run, which says why. */
export const isLeftOut = ({
  status,
  errorCode,
  errorInfo,
}: Pick<Outcome, 'status' | 'errorCode' | 'errorInfo'>): boolean =>
  errorCode === 'RolloutEnded' || (status === 'Cancelled' && errorInfo !== '')

/** The exit status that sums up a run (docs/command-line.md). */
export const exitStatusOf = (outcomes: readonly Outcome[], wasRefused: boolean): number => {
  if (wasRefused) return EXIT.failure
  if (outcomes.every(({ status }) => status === 'Success')) return EXIT.ok
  // Whom a halt left out, since so many could not be reached, was not reached either.
  const others = outcomes.filter((outcome) => !isLeftOut(outcome))
  const isNowhere = others.length > 0 && others.every(({ status }) => NOT_REACHED.has(status))
  return isNowhere ? EXIT.noHost : EXIT.failure
}
