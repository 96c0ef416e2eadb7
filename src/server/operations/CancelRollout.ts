// An operation of this server's own (docs/adr/0016-rollouts.md).
import { rolloutControl } from '../contract/rollout-control.js'

export const CancelRollout = rolloutControl(
  'CancelRollout',
  'cancel',
  'Ends a rollout: what waits is not sent any more, what is at work goes on.',
)
