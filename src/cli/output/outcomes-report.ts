import type { Terminal } from '../../command-line/terminal.js'
import { groupOutcomes, type Outcome } from '../running/outcomes.js'
import type { Submission, Submitted } from '../running/submit.js'
import { invocationsOf, refusedOf, summaryLine } from '../running/tell.js'
import { deliveryText } from './delivery-text.js'
import { writeJson } from './json.js'
import { groupHeading, groupsText, outputText } from './outcome-text.js'

/** One host: its output alone is the answer, so that it can be piped on. Several: grouped. */
export const writeOutcomes = (
  submitted: readonly Submitted[],
  outcomes: readonly Outcome[],
  { stdout, stderr }: Terminal,
): void => {
  const groups = groupOutcomes(outcomes)
  const [only] = groups
  if (outcomes.length === 1 && only !== undefined) {
    stdout.write(outputText(only.outcome, stdout.colours))
    stderr.write(deliveryText(only.hosts, stderr.colours))
    if (only.outcome.status !== 'Success') stderr.write(groupHeading(only, stderr.columns, stderr.colours))
    return
  }
  stdout.write(groupsText(groups, stdout.columns, stdout.colours))
  stderr.write(`\n${summaryLine(submitted, outcomes)}\n`)
}

/** The same for programs: every host by itself. */
export const writeOutcomesJson = (
  { submitted, refused }: Submission,
  outcomes: readonly Outcome[],
  { stdout }: Pick<Terminal, 'stdout'>,
): void => writeJson(stdout, { invocations: invocationsOf(submitted), refused: refusedOf(refused), hosts: outcomes })
