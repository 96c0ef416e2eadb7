import { controlSubcommand } from '../../rollouts/control.js'

export const resume = controlSubcommand(
  'resume',
  'ResumeRollout',
  'goes on with a rollout that is paused',
  'Whether it was paused by somebody or between two waves. Where its wave ended while somebody held it, the pause between ' +
    'the waves comes next, and it is to be resumed once more.',
)
