// An operation of this server's own (docs/adr/0016-rollouts.md).
import { rolloutControl } from '../contract/rollout-control.js'

export const PauseRollout = rolloutControl(
  'PauseRollout',
  'pause',
  'Lets no further instance of a rollout have its turn, until ResumeRollout.',
)
