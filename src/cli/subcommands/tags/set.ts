import { EXIT } from '../../../command-line/exit-codes.js'
import { UsageError } from '../../../command-line/failures.js'
import { pairs } from '../../../command-line/options.js'
import { defineSubcommand } from '../../../command-line/subcommand.js'
import { openApi } from '../../call-operation.js'
import { tagParameters } from '../../pages.js'
import { CONNECTION_OPTIONS, readConnection } from '../../settings.js'
import { changeTags } from '../../tagging/tags.js'

export const set = defineSubcommand({
  name: 'tags set',
  summary: 'puts tags on hosts, commands, invocations, sent files and activations',
  description: ['A tag whose name is there already gets the new value; the others stay.'],
  positionals: [{ name: 'ID', about: 'what to tag (mi-…, c-…, t-…, f-… or an activation)', many: true }],
  options: {
    tag: pairs('The tag; several with several of these. Without a value, the value is empty.'),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'Two hosts', line: 'openassist tags set mi-1 mi-2 --tag role=web --tag zone=a' },
    { about: 'And then', line: 'openassist run --tag role=web -- uptime' },
  ],
  exitCodes: [
    { code: EXIT.failure, about: 'The server refused it: something is not there, or would have more than 20 tags.' },
    { code: EXIT.noServer, about: 'The server cannot be reached.' },
  ],
  run: async ({ options, words, terminal }) => {
    if (options.tag.length === 0) throw new UsageError('no tag is given: --tag NAME=VALUE.')
    using api = openApi(readConnection(options, terminal))
    await changeTags(api, 'TagResources', words, tagParameters(options.tag))
    return EXIT.ok
  },
})
