import { CommandFailure } from '../../command-line/failures.js'
import type { Terminal } from '../../command-line/terminal.js'
import type { Api } from '../call-operation.js'
import { count } from '../output/count.js'
import { groupHeading } from '../output/outcome-text.js'
import type { ProgressLine } from '../output/progress-line.js'
import { fetchOutcomes, follow, type StatesOf, statesOfRun } from './follow.js'
import { groupOutcomes, isFinal, type Outcome } from './outcomes.js'
import type { Submitted } from './submit.js'

/** How long hosts are given to take a schedule or to refuse it. One that is live does so within a second. */
const PATIENCE_MS = 5_000

/** Nothing was heard of the host yet. */
const isOpen = (status: string): boolean => status === '' || status === 'Pending'

/**
 * Says how many hosts took a schedule, and why others did not. Where that cannot be learnt it was submitted all the same.
 * @returns whether any host took it, or still may
 */
export const tellWhoTook = async (
  api: Api,
  submitted: readonly Submitted[],
  terminal: Pick<Terminal, 'stderr'>,
  line: ProgressLine,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    const outcomes = await firstOutcomes(api, submitted, line, signal)
    line[Symbol.dispose]()
    return tellTaken(outcomes, terminal)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    line.say(`Which hosts took it is not known: ${error.message}`)
    return true
  }
}

/** What a schedule came to on each host, at first: until each took or refused it, or for some seconds. */
const firstOutcomes = async (
  api: Api,
  submitted: readonly Submitted[],
  line: ProgressLine,
  signal: AbortSignal,
): Promise<readonly Outcome[]> => {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  // Who took it counts as done.
  const states: StatesOf = async (...asked) => {
    const known = await statesOfRun(...asked)
    return known && new Map([...known].map(([host, status]) => [host, isOpen(status) ? status : 'Success']))
  }
  await follow(api, submitted, (progress) => line.show(progress), patience, states)
  return await fetchOutcomes(api, submitted)
}

const isRefused = ({ status }: Outcome): boolean => isFinal(status) && status !== 'Success'

const tellTaken = (outcomes: readonly Outcome[], { stderr }: Pick<Terminal, 'stderr'>): boolean => {
  const refused = outcomes.filter(isRefused)
  const open = outcomes.filter(({ status }) => isOpen(status)).length
  const taken = outcomes.length - refused.length - open
  for (const group of groupOutcomes(refused)) stderr.write(groupHeading(group, stderr.columns, stderr.colours))
  const waiting = open === 0 ? '' : `; ${open.toLocaleString('en-US')} not asked for it yet`
  stderr.write(`Taken by ${taken.toLocaleString('en-US')} of ${count(outcomes.length, 'host')}${waiting}.\n`)
  return refused.length < outcomes.length
}
