// ErrorCode and ErrorInfo of results (api.md §8.5).

/** Codes that this server gives, with their texts. */
export const ERROR_TEXTS = {
  ExitCodeNonzero: 'the command execution exit code is not zero.',
  ExecutionTimeout: 'the command execution has been timeout.',
  ExecutionException: 'the command execution got an exception.',
  ClientNotRunning: 'the aliyun service is not running on the instance',
  ClientNeedUpgrade: 'the aliyun service in the instance need upgrade',
  ClientIsUpgrading: 'the aliyun service in the instance is upgrading now',
  DeliveryTimeout: 'the command delivery has been timeout',
  TaskConcurrencyLimit: 'too many commands are running on the instance',
  CommandNotApplicable: 'the command is not applicable',
  CommandContentDecodeError: 'the command content cannot be decoded',
  AccountNotExists: 'the specified account does not exists',
  UserOrPasswordInvalid: 'the specified user or password is invalid',
  DirectoryNotExists: 'the specified directory does not exists',
  DefaultWorkingDirectoryNotAvailable: 'the default working directory is not available',
  BadCronExpression: 'the cron job expression is invalid',
  AtExpressionExpired: 'the time of the at expression was over before the instance could run the command',
  QueryParameterStoreFailed: 'failed to pull parameters from Parameter Store',
  InvalidSystemBuiltInParameter: 'a built-in parameter of the command is invalid',
  ClientRestarted:
    'the aliyun service was restarted while the command was running; whether it came to its end is unknown',
  InstanceRestarted: 'the instance was restarted while the command was running; whether it came to its end is unknown',
  InstanceDeregistered:
    'the instance was deregistered while the command was running; whether it came to its end is unknown',
  ExecutionInterrupted: 'the command execution has been interrupted',
} as const

export type ResultErrorCode = keyof typeof ERROR_TEXTS

/** An agent hands out text of its own: no NUL, at most so many characters (agent-protocol.md §6.7). */
const LONGEST_INFO = 512

// oxlint-disable-next-line no-control-regex -- the characters that a database or a terminal must not get
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g

/** Text of an agent that may be kept and told. */
export const cleanText = (text: string): string =>
  Buffer.from(text.slice(0, LONGEST_INFO)).toString('utf8').replace(CONTROL, ' ').trim()

// Upstream: agent-protocol.md §6.7; the documented codes of api.md §8.5 by the agent's own words.
const INVALID: ReadonlyMap<string, ResultErrorCode> = new Map(
  Object.entries({
    TypeInvalid: 'CommandNotApplicable',
    CommandContentInvalid: 'CommandContentDecodeError',
    UsernameOrPasswordInvalid: 'AccountNotExists',
    cron: 'BadCronExpression',
    InvalidEnvironmentParameter: 'InvalidSystemBuiltInParameter',
    QueryParameterStoreFailed: 'QueryParameterStoreFailed',
  } as const),
)

/** Codes that pass as the agent says them. */
const PASSED_ON =
  /^(?:Container[A-Za-z]+|Invalid(?:Container|Rate|At|GMT)[A-Za-z]*|UnsupportedContainerRuntime|TimezoneInformationCorrupt)$/

/** Words of `param=cron` that are documented codes themselves (agent-protocol.md §6.5, api.md §6). */
const SCHEDULE_CODE =
  /^(TimezoneInformationCorrupt|InvalidGMTOffset(?:Hour|Minute)?ForTimezone|CronExpressionExpired|InvalidRateExpression|RateFrequencyTooLarge|InvalidAtExpression|AtExpressionExpired)\b/

/** Upstream: agents say `<code>: <text>` (agent-protocol.md §6.6); the code has a member of its own in an answer. */
const withoutCode = (code: string, text: string): string =>
  text.startsWith(`${code}: `) ? text.slice(code.length + 2) : text

/** The code and text for a `task/invalid` report. */
export const invalidError = (param: string, value: string): { code: string; info: string } => {
  const detail = cleanText(withoutCode(param, value))
  const told = (code: ResultErrorCode) => ({
    code,
    info: detail === '' ? ERROR_TEXTS[code] : `${ERROR_TEXTS[code]}: ${detail}`,
  })
  if (param === 'workingDirectory')
    return told(value.startsWith('Default') ? 'DefaultWorkingDirectoryNotAvailable' : 'DirectoryNotExists')
  if (param === 'UsernameOrPasswordInvalid' && value.startsWith('UsernameOrPasswordInvalid'))
    return told('UserOrPasswordInvalid')
  const schedule = param === 'cron' ? SCHEDULE_CODE.exec(value)?.[1] : undefined
  if (schedule !== undefined) {
    const info = cleanText(withoutCode(schedule, value)) || detail
    // Agents that say the code alone say no more than the answer does.
    return { code: schedule, info: info === 'AtExpressionExpired' ? ERROR_TEXTS.AtExpressionExpired : info }
  }
  const known = INVALID.get(param)
  if (known !== undefined) return told(known)
  if (PASSED_ON.test(param)) return { code: param, info: detail }
  return { code: 'CommandNotApplicable', info: detail === '' ? ERROR_TEXTS.CommandNotApplicable : detail }
}

/** The code and text for a `task/error` report. Numbers are the agent's own; names are documented codes. */
export const executionError = (errCode: string, errDesc: string): { code: string; info: string } => {
  const info = cleanText(withoutCode(errCode, errDesc)) || ERROR_TEXTS.ExecutionException
  return { code: PASSED_ON.test(errCode) ? errCode : 'ExecutionException', info }
}
