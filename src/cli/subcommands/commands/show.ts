import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { type CommandParameter, getCommand } from '../../history/commands.js'
import { factLines, scriptLines, tagsText } from '../../output/facts.js'
import { writeJson } from '../../output/json.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const show = defineSubcommand({
  name: 'commands show',
  summary: 'shows a command and its script',
  positionals: [{ name: 'ID', about: 'the command (c-…), or the name of one that comes with the server' }],
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'One command', line: 'openassist commands show c-1' },
    {
      about: 'Its script alone, to the byte',
      line: 'openassist commands show c-1 -o json | jq -r .scriptBase64 | base64 -d',
    },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'There is no such command.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [commandId = ''], terminal: { stdout, ...terminal } }) => {
    using api = openApi(readConnection(options, terminal))
    const command = await getCommand(api, commandId)
    if (options.output === 'json') {
      writeJson(stdout, command)
      return EXIT.ok
    }
    const lines = [
      ...factLines(
        [
          ['Command', command.commandId],
          ['Name', command.name],
          ['Provider', command.provider],
          ['Version', command.version === 0 ? '' : String(command.version)],
          ['Description', command.description],
          ['Type', command.type],
          ['Directory', command.workingDir],
          ['Time limit', `${command.timeoutSeconds} s`],
          ['Launcher', command.launcher],
          ['Parameters', command.parameters.length === 0 ? command.parameterNames.join(', ') : ''],
          ['Made', command.creationTime],
          ['Runs', command.invokeTimes.toLocaleString('en-US')],
          ['Tags', tagsText(command.tags)],
        ],
        stdout.colours,
      ),
    ]
    lines.push(...command.parameters.flatMap((one) => factLines([['Parameter', parameterText(one)]], stdout.colours)))
    stdout.write(`${[...lines, ...scriptLines(command.script, stdout.colours)].join('\n')}\n`)
    return EXIT.ok
  },
})

const parameterText = (one: CommandParameter): string => {
  const notes = [
    ...(one.required ? ['required'] : []),
    ...(one.possible.length > 0 ? [`one of ${one.possible.join(', ')}`] : []),
    ...(one.default === '' ? [] : [`default ${one.default}`]),
  ]
  return `${one.name}: ${one.description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`
}
