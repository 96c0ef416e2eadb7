import { EXIT } from '../../../command-line/exit-codes.js'
import { UsageError } from '../../../command-line/failures.js'
import { flag, texts } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { repeatedParameter } from '../../pages.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'
import { changeTags } from '../../tagging/tags.js'

export const remove = defineSubcommand({
  name: 'tags remove',
  summary: 'takes tags off hosts, commands, invocations, sent files and activations',
  positionals: [{ name: 'ID', about: 'what to take them off (mi-…, c-…, t-…, f-… or an activation)', many: true }],
  options: {
    tag: texts('Name of a tag to take off; one that is not there is no mistake.', { value: 'NAME' }),
    all: flag('Every tag.'),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'One tag', line: 'openassist tags remove mi-1 mi-2 --tag role' },
    { about: 'All of them', line: 'openassist tags remove mi-1 --all' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: something is not there.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    const names = [...new Set(options.tag)]
    if (names.length > 0 === options.all) throw new UsageError('give --tag NAME, or --all for every tag.')
    using api = openApi(readConnection(options, terminal))
    await changeTags(api, 'UntagResources', words, options.all ? [['All', 'true']] : repeatedParameter('TagKey', names))
    return EXIT.ok
  },
})
