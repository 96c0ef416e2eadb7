import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { count } from '../../output/count.js'
import { writeJson } from '../../output/json.js'
import { relativeTime } from '../../output/relative-time.js'
import { table } from '../../output/table.js'
import { listSecrets, openSecrets, type Secret } from '../../secrets/secrets.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'

export const list = defineSubcommand({
  name: 'secret list',
  summary: 'lists the secrets, without their values',
  options: {
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [{ about: 'All', line: 'openassist secret list' }],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal: { stdout, stderr, ...terminal } }) => {
    using api = openSecrets(readConnection(options, terminal))
    const secrets = await listSecrets(api)
    if (options.output === 'json') {
      writeJson(stdout, { secrets })
      return EXIT.ok
    }
    if (secrets.length > 0) stdout.write(`${secretTable(secrets, stdout.colours.bold).join('\n')}\n\n`)
    stderr.write(`${secrets.length === 0 ? 'no secrets' : count(secrets.length, 'secret')}\n`)
    return EXIT.ok
  },
})

const secretTable = (secrets: readonly Secret[], bold: (text: string) => string): readonly string[] =>
  table(
    secrets,
    [
      { title: 'SECRET', text: ({ name }) => name },
      { title: 'VERSION', text: ({ version }) => version.toLocaleString('en-US'), align: 'right' },
      { title: 'SET', text: ({ updated }) => relativeTime(updated, Date.now()) },
      { title: 'BY', text: ({ updatedBy }) => updatedBy },
      { title: 'MADE', text: ({ created }) => relativeTime(created, Date.now()) },
      { title: 'DESCRIPTION', text: ({ description }) => description },
    ],
    bold,
  )
