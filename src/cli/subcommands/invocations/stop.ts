import { escapeControl } from '../../../command-line/escape-control.js'
import { EXIT } from '../../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../../command-line/failures.js'
import { texts } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { type Api, openApi } from '../../call-operation.js'
import { countHosts, getInvocation } from '../../history/invocations.js'
import { hostsText } from '../../output/invocation-text.js'
import { batches, repeatedParameter } from '../../pages.js'
import { laterText } from '../../running/leaving.js'
import { isFileId } from '../../sending/files.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

/** Instances in one StopInvocation (api.md §7.1). */
const PER_CALL = 50

export const stop = defineSubcommand({
  name: 'invocations stop',
  summary: 'stops an invocation where it has not finished',
  description: [
    'On hosts that have not begun, it will not begin. On others the script is ended, and the state is Stopping until the ' +
      'host has said so; what the vendor’s agent runs in a container may go on, and its result says so. What is over stays as it is.',
  ],
  positionals: [{ name: 'ID', about: 'the invocation (t-…); several with their ids', many: true }],
  options: {
    instance: texts('Only on this host.', { value: 'ID', short: 'i' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Everywhere', line: 'openassist invocations stop t-1' },
    { about: 'On two hosts', line: 'openassist invocations stop t-1 --instance mi-1 --instance mi-2' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: there is no such invocation, or it is not on that host.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    const ids = [...new Set(words)]
    const instances = [...new Set(options.instance)]
    if (ids.length > 1 && instances.length > 0) throw new UsageError('--instance goes with one invocation.')
    using api = openApi(readConnection(options, terminal))
    const { stderr } = terminal
    const unfinished: { readonly invokeId: string }[] = []
    let code: number = EXIT.ok
    for (const invokeId of ids) {
      try {
        await stopOne(api, invokeId, instances)
        const invocation = await getInvocation(api, invokeId)
        const counts = countHosts(invocation.hosts)
        stderr.write(`${invokeId} is ${invocation.status}. ${hostsText(counts)}.\n`)
        if (counts.unfinished > 0) unfinished.push({ invokeId })
      } catch (error) {
        if (!(error instanceof CommandFailure) || ids.length === 1) throw error
        stderr.write(`${invokeId}: ${error.message}\n`)
        code = EXIT.failure
      }
    }
    if (unfinished.length > 0) stderr.write(`${laterText(unfinished, options, terminal).split('\n')[0]}\n`)
    return code
  },
})

const stopOne = async (api: Api, invokeId: string, instances: readonly string[]): Promise<void> => {
  if (isFileId(invokeId)) {
    const id = escapeControl(invokeId)
    throw new CommandFailure(`${id} is a sent file, and what was sent cannot be called back.`, {
      advice: [`Where hosts get it in turns, those that wait can be left out: openassist rollouts cancel ${id}`],
    })
  }
  if (instances.length === 0) await api.call('StopInvocation', [['InvokeId', invokeId]])
  for (const some of batches(instances, PER_CALL)) {
    await api.call('StopInvocation', [['InvokeId', invokeId], ...repeatedParameter('InstanceId', some)])
  }
}
