import type { Terminal } from '../../command-line/terminal.js'
import type { Api } from '../call-operation.js'
import { withNames } from '../host-names.js'
import { LiveOutput } from '../running/live-output.js'
import { groupOutcomes, type Outcome } from '../running/outcomes.js'
import type { Submission, Submitted } from '../running/submit.js'
import { invocationsOf, refusedOf, summaryLine } from '../running/tell.js'
import { deliveryText } from './delivery-text.js'
import { writeJson } from './json.js'
import { droppedText, groupHeading, groupsText, outputText } from './outcome-text.js'

/** One host: its output alone is the answer, so that it can be piped on. Several: grouped. @param live has begun with it */
export const writeOutcomes = (
  submitted: readonly Submitted[],
  outcomes: readonly Outcome[],
  { stdout, stderr }: Terminal,
  live = new LiveOutput(stdout),
): void => {
  const groups = groupOutcomes(outcomes)
  const [only] = groups
  if (outcomes.length === 1 && only !== undefined) {
    const isWhole = live.finish(outputText(only.outcome))
    if (!isWhole) stderr.write(stderr.colours.dim('(the output is another one than it was; this is all of it)\n'))
    stderr.write(droppedText(only.outcome, stderr.colours))
    stderr.write(deliveryText(only.hosts, stderr.colours))
    if (only.outcome.status !== 'Success') stderr.write(groupHeading(only, stderr.columns, stderr.colours))
    return
  }
  stdout.write(groupsText(groups, stdout.columns, stdout.colours, { invocations: isMixed(outcomes) }))
  stderr.write(`\n${summaryLine(submitted, outcomes)}\n`)
}

/** Of sent files, which have no output. */
export const writeFileOutcomes = (
  submitted: readonly Submitted[],
  outcomes: readonly Outcome[],
  { stdout, stderr }: Pick<Terminal, 'stdout' | 'stderr'>,
): void => {
  const told = { invocations: isMixed(outcomes) }
  const groups = groupOutcomes(outcomes).map((group) => groupHeading(group, stdout.columns, stdout.colours, told))
  stdout.write(groups.join('\n'))
  stderr.write(`\n${summaryLine(submitted, outcomes)}\n`)
}

/** A host is in more than one of the invocations. */
const isMixed = (outcomes: readonly Outcome[]): boolean =>
  new Set(outcomes.map(({ instanceId }) => instanceId)).size < outcomes.length

/** The same for programs: every host by itself. */
export const writeOutcomesJson = async (
  api: Api,
  { submitted, refused }: Submission,
  outcomes: readonly Outcome[],
  { stdout }: Pick<Terminal, 'stdout'>,
): Promise<void> => {
  const hosts = await withNames(api, outcomes)
  writeJson(stdout, { invocations: invocationsOf(submitted), refused: refusedOf(refused), hosts })
}
