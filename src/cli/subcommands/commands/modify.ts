import { EXIT } from '../../../command-line/exit-codes.js'
import { UsageError } from '../../../command-line/failures.js'
import { integer, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { TIMEOUT_RANGE } from '../../running/schedule-options.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const modify = defineSubcommand({
  name: 'commands modify',
  summary: 'changes a kept command, but not its script',
  description: ['What runs already keeps the old values. For another script, make another command.'],
  positionals: [{ name: 'ID', about: 'the command (c-…)' }],
  options: {
    name: text('New name.', { value: 'NAME' }),
    description: text('New description; an empty one removes it.', { mayBeEmpty: true }),
    timeout: integer('Seconds after which a host ends it, 10 to 86,400.', TIMEOUT_RANGE),
    workdir: text('Folder on the host to run it in.', { value: 'DIR' }),
    launcher: text('What starts it, {{ACS::ScriptFileName}} for its path.', { value: 'LINE' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [{ about: 'More time', line: 'openassist commands modify c-1 --timeout 1200' }],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: there is no such command, or a value is wrong.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [commandId = ''], terminal }) => {
    const changes: readonly (readonly [string, string | undefined])[] = [
      ['Name', options.name],
      // To the API, an empty value is none.
      options.description === '' ? ['RemoveDescription', 'true'] : ['Description', options.description],
      ['Timeout', options.timeout?.toString()],
      ['WorkingDir', options.workdir],
      ['Launcher', options.launcher],
    ]
    const given = changes.filter((pair): pair is readonly [string, string] => pair[1] !== undefined)
    if (given.length === 0) throw new UsageError('nothing to change: give a new value.')
    using api = openApi(readConnection(options, terminal))
    await api.call('ModifyCommand', [['CommandId', commandId], ...given])
    return EXIT.ok
  },
})
