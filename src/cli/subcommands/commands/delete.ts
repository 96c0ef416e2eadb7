import { EXIT } from '../../../command-line/exit-codes.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { CommandFailure } from '../../../command-line/failures.js'
import { openApi } from '../../call-operation.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const remove = defineSubcommand({
  name: 'commands delete',
  summary: 'removes kept commands; what they ran stays in the history',
  positionals: [{ name: 'ID', about: 'the command (c-…)', many: true }],
  options: { ...CONNECTION_OPTIONS },
  examples: [{ about: 'Two commands', line: 'openassist commands delete c-1 c-2' }],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: there is no such command, or it runs somewhere.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    let code: number = EXIT.ok
    for (const commandId of new Set(words)) {
      try {
        await api.call('DeleteCommand', [['CommandId', commandId]])
      } catch (error) {
        if (!(error instanceof CommandFailure) || words.length === 1) throw error
        terminal.stderr.write(`${commandId}: ${error.message}\n`)
        code = EXIT.failure
      }
    }
    return code
  },
})
