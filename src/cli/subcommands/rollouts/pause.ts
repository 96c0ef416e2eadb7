import { controlSubcommand } from '../../rollouts/control.js'

export const pause = controlSubcommand(
  'pause',
  'PauseRollout',
  'lets no further host have its turn',
  'What is at work goes on. openassist rollouts resume goes on with the others.',
)
