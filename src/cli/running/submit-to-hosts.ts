import { CommandFailure } from '../../command-line/failures.js'
import type { Api } from '../call-operation.js'
import type { ProgressLine } from '../output/progress-line.js'
import type { Submission } from './submit.js'
import { type CommandType, findTargets, type Target, type TargetChoice } from './targets.js'
import { noHost, tellRefused, tellSkipped } from './tell.js'

/** What is submitted: `purpose` as in `to run it on`; `type` undefined where any system will do. */
interface Work<D> {
  readonly purpose: string
  readonly type: CommandType | undefined
  readonly details: D
  readonly submit: (
    api: Api,
    targets: readonly Target[],
    details: D,
    signal: AbortSignal,
    onSubmitted: (targets: number) => void,
  ) => Promise<Submission>
}

/**
 * Finds the hosts of a choice and submits something to them, and says what is left out and refused.
 * @returns undefined when it was left while hosts were looked for
 * @throws CommandFailure when no host is left, or when nothing was accepted
 */
export const submitToHosts = async <D>(
  api: Api,
  choice: TargetChoice,
  work: Work<D>,
  signal: AbortSignal,
  line: ProgressLine,
): Promise<{ readonly submission: Submission; readonly total: number } | undefined> => {
  const found = await findTargets(api, choice, work.type, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined
    throw error
  })
  if (found === undefined) return undefined
  tellSkipped(found, line)
  const total = found.targets.length
  if (total === 0) throw new CommandFailure(noHost(choice, found, work.purpose))
  let accepted = 0
  const submission = await work.submit(api, found.targets, work.details, signal, (targets) => {
    accepted += targets
    line.show({ total, waiting: accepted, running: 0, succeeded: 0, failed: 0, trouble: '' })
  })
  tellRefused(submission.refused, line)
  return { submission, total }
}
