import { controlSubcommand } from '../../rollouts/control.js'

export const cancel = controlSubcommand(
  'cancel',
  'CancelRollout',
  'leaves out the hosts that wait for their turn',
  'What is at work goes on; openassist invocations stop ends that too. It cannot be taken back.',
)
