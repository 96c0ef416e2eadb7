import { EXIT } from '../../../command-line/exit-codes.js'
import { text } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { writeJson } from '../../output/json.js'
import { table } from '../../output/table.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'
import { tagsInUse, tagsOfResources } from '../../tagging/tags.js'

export const list = defineSubcommand({
  name: 'tags list',
  summary: 'shows the tags that are in use, or those of what is named',
  positionals: [
    {
      name: 'ID',
      about:
        'a host, command, invocation, sent file or activation; without one, every tag with how many hosts carry it',
      many: true,
      optional: true,
    },
  ],
  options: {
    output: text('For people or for programs.', { oneOf: ['table', 'json'], default: 'table', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'All that are in use', line: 'openassist tags list' },
    { about: 'Those of two hosts', line: 'openassist tags list mi-1 mi-2' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: something that is named is not there.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    using api = openApi(readConnection(options, terminal))
    const { stdout, stderr } = terminal
    const { bold } = stdout.colours
    const lines: string[] = []
    if (words.length === 0) {
      const tags = await tagsInUse(api)
      if (options.output === 'json') writeJson(stdout, { tags })
      else if (tags.length > 0)
        lines.push(
          ...table(
            tags,
            [
              { title: 'KEY', text: ({ key }) => key },
              { title: 'VALUE', text: ({ value }) => value },
              { title: 'HOSTS', text: ({ hosts }) => hosts.toLocaleString('en-US'), align: 'right' },
            ],
            bold,
          ),
        )
    } else {
      const tags = await tagsOfResources(api, words)
      if (options.output === 'json') writeJson(stdout, { tags })
      else if (tags.length > 0)
        lines.push(
          ...table(
            tags,
            [
              { title: 'ID', text: ({ resourceId }) => resourceId },
              { title: 'KEY', text: ({ key }) => key },
              { title: 'VALUE', text: ({ value }) => value },
            ],
            bold,
          ),
        )
    }
    if (options.output === 'json') return EXIT.ok
    if (lines.length === 0) stderr.write('no tags\n')
    else stdout.write(`${lines.join('\n')}\n`)
    return EXIT.ok
  },
})
