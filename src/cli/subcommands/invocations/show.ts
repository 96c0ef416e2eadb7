import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { countHosts, getInvocation } from '../../history/invocations.js'
import { invocationText } from '../../output/invocation-text.js'
import { writeJson } from '../../output/json.js'
import { isFileId } from '../../sending/files.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'
import { showFile } from '../files/show.js'

export const show = defineSubcommand({
  name: 'invocations show',
  summary: 'shows an invocation: its script, and how it stands on every host',
  positionals: [{ name: 'ID', about: 'the invocation (t-…), or a file send (f-…)' }],
  options: {
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'One invocation', line: 'openassist invocations show t-1' },
    {
      about: 'Hosts where it failed, for a script',
      line: "openassist invocations show t-1 -o json | jq -r '.hosts[] | select(.exitCode > 0).instanceId'",
    },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'There is no such invocation.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words: [invokeId = ''], terminal }) => {
    using api = openApi(readConnection(options, terminal))
    if (isFileId(invokeId)) {
      await showFile(api, invokeId, options.output, terminal)
      return EXIT.ok
    }
    const invocation = await getInvocation(api, invokeId)
    if (options.output === 'json') {
      writeJson(terminal.stdout, { ...invocation, counts: countHosts(invocation.hosts) })
    } else {
      terminal.stdout.write(invocationText(invocation, Date.now(), terminal.stdout))
    }
    return EXIT.ok
  },
})
