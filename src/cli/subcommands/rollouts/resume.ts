import { controlSubcommand } from '../../rollouts/control.js'

export const resume = controlSubcommand(
  'resume',
  'ResumeRollout',
  'goes on with a rollout that is paused',
  'Whether it was paused by somebody or between two waves.',
)
