import { EXIT } from '../../../command-line/exit-codes.js'
import { flag, pairs, text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { type FlatParameters, openApi } from '../../call-operation.js'
import { type Command, listCommands, PUBLIC } from '../../history/commands.js'
import { count } from '../../output/count.js'
import { writeJson } from '../../output/json.js'
import { openProgressLine } from '../../output/progress-line.js'
import { relativeTime } from '../../output/relative-time.js'
import { table } from '../../output/table.js'
import { COMMAND_TYPES } from '../../running/targets.js'
import { tagParameters } from '../../pages.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

const group = 'Filters'

export const list = defineSubcommand({
  name: 'commands list',
  summary: 'lists the kept commands, the newest first, or those that come with the server',
  options: {
    public: flag('Those that come with the server, for everybody to run.'),
    name: text('Only those with this name; * at its beginning or end stands for anything.', { value: 'NAME', group }),
    type: text('Only those of this type.', { oneOf: COMMAND_TYPES, group }),
    tag: pairs('Only those with this tag; with several, with all of them.', { group }),
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'All', line: 'openassist commands list' },
    { about: 'By the beginning of the name', line: "openassist commands list --name 'deploy*'" },
    { about: 'What comes with the server', line: 'openassist commands list --public' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    using line = openProgressLine(terminal.stderr)
    const { stdout, stderr } = terminal
    const parameters: FlatParameters = [
      ...(options.public ? PUBLIC : []),
      ...(options.name === undefined ? [] : [['Name', options.name] as const]),
      ...(options.type === undefined ? [] : [['Type', options.type] as const]),
      ...tagParameters(options.tag),
    ]
    const commands = await listCommands(api, parameters, (done, total) => line.count(done, total, 'commands read'))
    line[Symbol.dispose]()
    if (options.output === 'json') {
      // Its script once; `show` has every byte of it.
      writeJson(stdout, { commands: commands.map((command) => ({ ...command, scriptBase64: undefined })) })
      return EXIT.ok
    }
    if (commands.length > 0)
      stdout.write(`${(options.public ? publicTable : commandTable)(commands, stdout.colours.bold).join('\n')}\n\n`)
    stderr.write(`${commands.length === 0 ? 'no commands' : count(commands.length, 'command')}\n`)
    return EXIT.ok
  },
})

const TYPE_TEXT: Readonly<Record<string, string>> = {
  RunShellScript: 'shell',
  RunPowerShellScript: 'PowerShell',
  RunBatScript: 'bat',
}

const commandTable = (commands: readonly Command[], bold: (text: string) => string): readonly string[] =>
  table(
    commands,
    [
      { title: 'COMMAND', text: ({ commandId }) => commandId },
      { title: 'MADE', text: ({ creationTime }) => relativeTime(creationTime, Date.now()) },
      { title: 'TYPE', text: ({ type }) => TYPE_TEXT[type] ?? type },
      { title: 'RUNS', text: ({ invokeTimes }) => invokeTimes.toLocaleString('en-US'), align: 'right' },
      { title: 'NAME', text: ({ name }) => name },
    ],
    bold,
  )

const publicTable = (commands: readonly Command[], bold: (text: string) => string): readonly string[] =>
  table(
    commands,
    [
      { title: 'NAME', text: ({ name }) => name },
      { title: 'VERSION', text: ({ version }) => String(version), align: 'right' },
      { title: 'WHAT IT DOES', text: ({ description }) => description },
    ],
    bold,
  )
