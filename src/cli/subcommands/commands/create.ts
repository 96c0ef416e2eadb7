import { randomUUID } from 'node:crypto'
import { EXIT } from '../../../command-line/exit-codes.js'
import { UsageError } from '../../../command-line/failures.js'
import { flag, integer, pairs, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { textAt } from '../../answer.js'
import { openApi } from '../../call-operation.js'
import { readScript } from '../../running/script.js'
import { refersToSecrets } from '../../running/submit.js'
import { COMMAND_TYPES } from '../../running/targets.js'
import { tagParameters } from '../../pages.js'
import { TIMEOUT_RANGE } from '../../running/schedule-options.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const create = defineSubcommand({
  name: 'commands create',
  summary: 'keeps a script on the server, to be run later',
  description: ['The answer is the id of the command.'],
  positionals: [{ name: 'FILE', about: 'the script; - reads it from stdin' }],
  options: {
    name: text('Name of the command.', { value: 'NAME', required: true }),
    description: text('What it is for.'),
    type: text('What runs it. Without it: by the file’s extension, else the shell.', { oneOf: COMMAND_TYPES }),
    timeout: integer('Seconds after which a host ends it, 10 to 86,400. Without it, 60.', TIMEOUT_RANGE),
    workdir: text('Folder on the host to run it in.', { value: 'DIR' }),
    launcher: text('What starts it, {{ACS::ScriptFileName}} for its path.', { value: 'LINE' }),
    parameters: flag(
      '{{NAME}} in the script stands for a value that each run gives. A script with {{oos-secret:NAME}} is such a one by itself.',
    ),
    'resource-group': text('Resource group that it belongs to.', { value: 'ID' }),
    tag: pairs('Tag of the command.'),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'From a file', line: 'openassist commands create deploy.sh --name deploy --timeout 600' },
    {
      about: 'With parameters',
      line: 'openassist commands create greet.sh --name greet --parameters --tag team=web',
    },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The file cannot be read, or the server refused it.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [file = ''], terminal }) => {
    if (file === '') throw new UsageError('FILE is empty.')
    const script = await readScript({ file, words: [], type: options.type }, terminal)
    using api = openApi(readConnection(options, terminal))
    const optional: readonly (readonly [string, string | undefined])[] = [
      ['Description', options.description],
      ['Timeout', options.timeout?.toString()],
      ['WorkingDir', options.workdir],
      ['Launcher', options.launcher],
      ['ResourceGroupId', options['resource-group']],
      ['EnableParameter', options.parameters || refersToSecrets(script.content) ? 'true' : undefined],
    ]
    const answer = await api.call('CreateCommand', [
      ['Name', options.name],
      ['Type', script.type],
      ['ContentEncoding', 'Base64'],
      ['CommandContent', Buffer.from(script.content).toString('base64')],
      ...optional.filter((pair): pair is readonly [string, string] => pair[1] !== undefined),
      ...tagParameters(options.tag),
      ['ClientToken', randomUUID()],
    ])
    terminal.stdout.write(`${textAt(answer, 'CommandId')}\n`)
    return EXIT.ok
  },
})
