import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { readSecretValue } from '../../secrets/read-value.js'
import { openSecrets, setSecret } from '../../secrets/secrets.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

/** Shorter ones are in any output, and are not taken out of it. */
const SHORTEST_HIDDEN = 4

export const set = defineSubcommand({
  name: 'secret set',
  summary: 'keeps a secret on the server, or gives it another value',
  description: [
    'A script with parameters refers to it as {{oos-secret:NAME}}. The server puts the value in when it hands the script ' +
      'to a host, and nowhere else.',
    'The value is asked for without being shown, or read from stdin or a file; one line end at its end is not part of it. ' +
      'Nobody is told it again.',
  ],
  positionals: [{ name: 'NAME', about: 'letters, digits, - and _' }],
  options: {
    file: text('Read the value from this file; - is stdin.', { value: 'FILE' }),
    description: text('What it is for; everybody who lists secrets sees that.'),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Typed', line: 'openassist secret set db-password' },
    { about: 'Of another program', line: 'pwgen 32 1 | openassist secret set db-password' },
    { about: 'A key', line: 'openassist secret set deploy-key --file ~/.ssh/deploy' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The file cannot be read, nothing was typed, or the server refused it.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
    { code: EXIT.interrupted, about: 'Left by Ctrl-C.' },
  ],
  run: async ({ options, words: [name = ''], terminal }) => {
    const connection = readConnection(options, terminal)
    const value = await readSecretValue(options.file, terminal)
    using api = openSecrets(connection)
    const { version } = await setSecret(api, name, value, options.description)
    terminal.stderr.write(`${name} is set, version ${version}.\n`)
    if (Buffer.byteLength(value) < SHORTEST_HIDDEN)
      terminal.stderr.write('It is so short that it will not be hidden where a script writes it.\n')
    return EXIT.ok
  },
})
