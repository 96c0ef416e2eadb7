import { randomUUID } from 'node:crypto'
import { EXIT } from '../../../command-line/exit-codes.js'
import { UsageError } from '../../../command-line/failures.js'
import { flag, pairs, text, texts } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { textAt } from '../../answer.js'
import { RefusedCall } from '../../call-failures.js'
import { type FlatParameters, openApi } from '../../call-operation.js'
import { countHosts, getInvocation } from '../../history/invocations.js'
import { hostsText } from '../../output/invocation-text.js'
import { repeatedParameter } from '../../pages.js'
import { explained } from '../../running/schedule-options.js'
import { parameterValues, readScript } from '../../running/script.js'
import { refersToSecrets } from '../../running/submit.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const modify = defineSubcommand({
  name: 'invocations modify',
  summary: 'changes what is run again and again: the script, its values, the schedule, the hosts',
  description: [
    'For what was run with --schedule or --on-reboot, as long as it is not over. A run under way ends as it began; the next ' +
      'one is what is given here. The answer is the id of the command: another one for another script.',
  ],
  positionals: [{ name: 'ID', about: 'the invocation (t-…)' }],
  rest: { name: 'COMMAND', about: 'another script: one word as it is, several as a program and its arguments' },
  options: {
    script: text('Another script, from this file; - reads it from stdin.', { value: 'FILE' }),
    schedule: text('Another schedule: cron fields from seconds on, rate(5m), or once at(2026-12-24 18:00:00).', {
      value: 'WHEN',
    }),
    param: pairs('Value for {{NAME}} in the script; those that are not given become empty.', { valueRequired: true }),
    'enable-parameter': flag('Fill in {{NAME}} from now on. A script with {{oos-secret:NAME}} does that by itself.'),
    add: texts('Run it on this host, too.', { value: 'ID' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Every ten minutes from now on', line: "openassist invocations modify t-1 --schedule 'rate(10m)'" },
    { about: 'Another script', line: 'openassist invocations modify t-1 --script backup.sh' },
    { about: 'Two more hosts', line: 'openassist invocations modify t-1 --add mi-3 --add mi-4' },
  ],
  exitCodes: [
    {
      code: EXIT.failure,
      about: 'The server refused it: there is no such invocation, it is over, or a value is wrong.',
    },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [invokeId = ''], rest = [], terminal }) => {
    const isScript = options.script !== undefined || rest.length > 0
    const given = { file: options.script, words: rest, type: undefined }
    const content = isScript ? (await readScript(given, terminal)).content : undefined
    const changes: FlatParameters = [
      ...(content === undefined
        ? []
        : ([
            ['ContentEncoding', 'Base64'],
            ['CommandContent', Buffer.from(content).toString('base64')],
          ] as const)),
      ...(options.schedule === undefined ? [] : [['Frequency', options.schedule] as const]),
      ...(options.param.length === 0 ? [] : [['Parameters', parameterValues(options.param)] as const]),
      ...(options['enable-parameter'] || (content !== undefined && refersToSecrets(content))
        ? [['EnableParameter', 'true'] as const]
        : []),
      ...repeatedParameter('InstanceId', [...new Set(options.add)]),
    ]
    if (changes.length === 0) throw new UsageError('nothing to change: give a script, --schedule, --param or --add.')
    using api = openApi(readConnection(options, terminal))
    const parameters: FlatParameters = [['InvokeId', invokeId], ...changes, ['ClientToken', randomUUID()]]
    const answer = await api.call('ModifyInvocationAttribute', parameters).catch(async (error: unknown) => {
      if (options.schedule === undefined || !(error instanceof RefusedCall)) throw error
      const { timeoutSeconds } = await getInvocation(api, invokeId)
      throw explained(error, options.schedule, timeoutSeconds)
    })
    terminal.stdout.write(`${textAt(answer, 'CommandId')}\n`)
    const invocation = await getInvocation(api, invokeId)
    terminal.stderr.write(`${invokeId} is ${invocation.status}. ${hostsText(countHosts(invocation.hosts))}.\n`)
    return EXIT.ok
  },
})
