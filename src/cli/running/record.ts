import { pairs, text } from '../../command-line/options.js'

/** What the history keeps beside it, the same for all that is submitted. */
export const RECORD_OPTIONS = {
  'resource-group': text('Resource group that it belongs to.', { value: 'ID' }),
  'tag-as': pairs('Tag that it gets itself, to be found by in the history.', { value: 'NAME=VALUE' }),
} as const
