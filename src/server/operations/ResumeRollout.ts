// An operation of this server's own (docs/adr/0016-rollouts.md).
import { rolloutControl } from '../contract/rollout-control.js'

export const ResumeRollout = rolloutControl('ResumeRollout', 'resume', 'Goes on with a rollout that is paused.')
