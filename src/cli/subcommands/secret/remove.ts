import { EXIT } from '../../../command-line/exit-codes.js'
import { CommandFailure } from '../../../command-line/failures.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openSecrets } from '../../secrets/secrets.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const remove = defineSubcommand({
  name: 'secret rm',
  summary: 'removes secrets; a script that refers to one runs nowhere from then on',
  positionals: [{ name: 'NAME', about: 'the secret', many: true }],
  options: { ...CONNECTION_OPTIONS },
  examples: [{ about: 'Two secrets', line: 'openassist secret rm db-password deploy-key' }],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: there is no such secret.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    using api = openSecrets(readConnection(options, terminal))
    let code: number = EXIT.ok
    for (const name of new Set(words)) {
      try {
        await api.call('DeleteSecretParameter', [['Name', name]])
      } catch (error) {
        if (!(error instanceof CommandFailure) || words.length === 1) throw error
        terminal.stderr.write(`${name}: ${error.message}\n`)
        code = EXIT.failure
      }
    }
    return code
  },
})
