// Every endpoint that agents call over HTTP, one line each. Frames of the notify socket are in ../kick.ts.

import { clientReport } from './client-report.js'
import { connectionDetect } from './connection-detect.js'
import { deregister } from './deregister.js'
import { gshell } from './gshell.js'
import { heartBeat } from './heart-beat.js'
import { metrics } from './metrics.js'
import { pluginList } from './plugin-list.js'
import { pluginReportStatus } from './plugin-report-status.js'
import { pluginUpdateCheck, pluginUpdateCheckV1 } from './plugin-update-check.js'
import { register } from './register.js'
import { sessionList } from './session-list.js'
import { sessionStatus } from './session-status.js'
import { getTemplate, listStateConfigurations, putInstanceStateReport, putInventory } from './state-configurations.js'
import { taskError } from './task-error.js'
import { taskFinish } from './task-finish.js'
import { taskInvalid } from './task-invalid.js'
import { taskList } from './task-list.js'
import { taskRunning } from './task-running.js'
import { taskStopped } from './task-stopped.js'
import { taskTimeout } from './task-timeout.js'
import { taskVerified } from './task-verified.js'
import { updateCheck } from './update-check.js'

export const messages = {
  connectionDetect,
  register,
  deregister,
  heartBeat,
  gshell,
  taskList,
  taskVerified,
  taskRunning,
  taskFinish,
  taskTimeout,
  taskError,
  taskStopped,
  taskInvalid,
  sessionList,
  sessionStatus,
  pluginList,
  pluginReportStatus,
  pluginUpdateCheck,
  pluginUpdateCheckV1,
  updateCheck,
  metrics,
  clientReport,
  listStateConfigurations,
  getTemplate,
  putInventory,
  putInstanceStateReport,
} as const

export type MessageName = keyof typeof messages
