import { flag, flatList, type InferFields, integer, jsonMap, optional, text } from '../../schema/shape.js'
import { defineJson, recordOf, recordsOf } from '../json.js'
import { defineMessage, JSON_TYPE } from '../message.js'
import { defineQuery } from '../query.js'
import { WIRE_ID_PATTERN } from '../wire-id.js'

/** A task as it travels. What is a number and what a text is fixed: one mistake loses every task of the answer. */
const runTask = {
  type: text('RunShellScript, RunBatScript or RunPowerShellScript; an agent refuses others itself.'),
  taskID: text('The task; part of a file name on the host.', { pattern: WIRE_ID_PATTERN }),
  commandId: text('The command, for `{{ACS::CommandId}}`.'),
  commandName: text('Prefix of the file name of the script.', { pattern: '[A-Za-z0-9._-]*' }),
  enableParameter: flag('Whether `{{ACS::Name}}` is replaced.'),
  timeOut: text('Seconds, in digits.', { pattern: '\\d{0,9}' }),
  invokeVersion: integer('Version of the invocation.', { min: 0 }),
  commandContent: text('The script, in base64.'),
  workingDirectory: text('Where it runs; empty for the home of its user.'),
  args: text('Not used.'),
  cron: text('Schedule; empty for tasks that run once.'),
  username: text('Who runs it; empty for the user of the agent.'),
  windowsPasswordName: text('Name of a secret with the password.'),
  creationTime: integer('When it was submitted, in ms.', { min: 0 }),
  // These four are ours: the vendor's agent does not know them, and is never sent them.
  launcher: optional(flatList('Program and arguments that start the script.', text('A word.'))),
  scriptExtension: optional(text('What the name of the script ends with.', { pattern: '[A-Za-z0-9._-]{0,64}' })),
  terminationMode: optional(text('What is ended on a stop or a timeout.', { oneOf: ['Process', 'ProcessTree'] })),
  secrets: optional(
    flatList('Secrets in the script, which is to stay off the disk, and they out of reports.', text('One.')),
  ),
  // Upstream: the vendor's agent knows them from 2.2.3.344 on (api.md §12).
  containerId: optional(text('Container to run in.')),
  containerName: optional(text('Container to run in, by name.')),
  builtInParameter: optional(jsonMap('Values of `{{ACS::Name}}`, by name.')),
}

const output = {
  interval: integer('Milliseconds between reports of output; at least 1,000.', { min: 0 }),
  logQuota: integer('Bytes of output that are kept; at least 12,000.', { min: 0 }),
  skipEmpty: flag('Leave out reports without output, but for one a minute.'),
  sendStart: flag('Report the start.'),
}

const entry = {
  task: recordOf(runTask),
  output: recordOf(output),
  // Upstream: any other value vanishes silently on the host (agent-protocol.md §13, trap 7).
  repeat: text('How often it runs.', { oneOf: ['Once', 'Period', 'NextRebootOnly', 'EveryReboot', 'Rate', 'At'] }),
}

/** A file as it travels (agent-protocol.md §7). `contentType` and `timeout` are not looked at by the vendor's agent. */
const sendFile = {
  taskID: text('The send.', { pattern: WIRE_ID_PATTERN }),
  name: text('Name of the file.'),
  destination: text('Directory, made when it is missing; empty for the home of root.'),
  content: text('The file, in base64.'),
  signature: text('MD5 of `content` as it is written here, in hexadecimal digits.'),
  contentType: text('How it was sent to the server.'),
  mode: text('Three or four octal digits; empty for 0644.'),
  owner: text('Its owner; root when only the group is given.'),
  group: text('Its group; root when only the owner is given.'),
  overwrite: flag('Whether a file of that name is replaced.'),
  timeout: integer('Seconds.', { min: 0 }),
}

const fileEntryFields = { task: recordOf(sendFile), output: recordOf(output) }

export type FileEntry = InferFields<typeof fileEntryFields>

const entries = (about: string) => recordsOf(about, entry)

export type TaskEntry = InferFields<typeof entry>

/**
 * A host asks for its tasks: once when its agent has started, then only when it was kicked (agent-protocol.md §4.3).
 * Upstream: code 408 makes it ask again after 2 s, up to four rounds; a kicked fetch without any result is repeated once.
 */
export const taskList = defineMessage({
  about: 'What shall be run, stopped or written?',
  method: 'POST',
  path: '/luban/api/v1/task/list',
  signed: true,
  contentType: JSON_TYPE,
  clientTimeoutMs: 8_000,
  query: defineQuery({
    reason: text('Why it asks.', { oneOf: ['startup', 'kickoff'] }),
    cold_start: optional(flag('With startup: the first start since the system booted.')),
    taskId: optional(text('Task that the kick named; a hint.', { pattern: WIRE_ID_PATTERN })),
    currentTime: optional(integer('Clock of the host, in ms.', { min: 0 })),
    offset: optional(integer('Seconds east of UTC.', { min: -86_400, max: 86_400 })),
    supports: optional(
      text("Ours: what the agent can do beyond the vendor's, with commas between.", { pattern: '[a-z,-]{0,256}' }),
    ),
    timeZone: optional(text('Name of its time zone.', { maxLength: 128 })),
  }),
  body: { kind: 'none' },
  answer: defineJson({
    code: integer('200.'),
    instanceId: text('The instance, for `{{ACS::InstanceId}}`.'),
    run: entries('Tasks to run.'),
    stop: entries('Tasks to stop; only `taskID` and `repeat` are looked at.'),
    test: entries('Tasks to check without running them.'),
    file: optional(recordsOf('Files to write.', fileEntryFields)),
  }),
})
