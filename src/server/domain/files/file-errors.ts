// ErrorCode and ErrorInfo of file sends (api.md §9.2, catalog.json sendFileErrorCodes).
import { cleanText } from '../invocations/error-texts.js'

/** Codes that only file sends have, with their documented texts. */
const FILE_ERROR_TEXTS = {
  FileCreateFail: 'the file creation is failed due to unknown error',
  FileAlreadyExists: 'File already exists',
  FileContentInvalid: 'the content of file is invalid',
  FileNameInvalid: 'File name is invalid',
  FilePathInvalid: 'File path is invalid',
  FileAuthorityInvalid: 'the authority of file is invalid',
} as const

type FileErrorCode = keyof typeof FILE_ERROR_TEXTS

export interface FileError {
  readonly code: string
  readonly info: string
}

const told = (code: FileErrorCode): FileError => ({ code, info: FILE_ERROR_TEXTS[code] })

// Upstream: agent-protocol.md §7; 1 is a failed write, 2 chown, 3 chmod, 4 the directory.
const BY_NUMBER: readonly FileErrorCode[] = [
  'FileCreateFail',
  'FileCreateFail',
  'FileAuthorityInvalid',
  'FileAuthorityInvalid',
  'FilePathInvalid',
]

/** The code and text for a `task/finish` with another number than 0. */
export const fileFailure = (code: number): FileError => told(BY_NUMBER[code] ?? 'FileCreateFail')

/** The agent's own word for a file that is there already. */
export const FILE_EXISTS = 'FileExist'

const BY_PARAM: ReadonlyMap<string, FileError> = new Map([
  ['FileNameInvalid', told('FileNameInvalid')],
  [FILE_EXISTS, told('FileAlreadyExists')],
  ['EmptyFile', told('FileContentInvalid')],
  ['InvalidFileContent', told('FileContentInvalid')],
  ['InvalidSignature', told('FileContentInvalid')],
  ['InvalidFileMode', told('FileAuthorityInvalid')],
  ['FileGroupNotExist', { code: 'UserGroupNotExists', info: 'Group not exists' }],
  ['FileOwnerNotExist', { code: 'UserGroupNotExists', info: 'Owner not exists' }],
])

/** The code and text for a `task/invalid`; a word that nobody knows is told as the agent says it. */
export const fileRefusal = (param: string, value: string): FileError =>
  BY_PARAM.get(param) ?? { code: 'FileCreateFail', info: cleanText(`${param} ${value}`) }

/** Why nobody knows whether a file was written. */
export const UNKNOWN_TEXTS = {
  ExecutionTimeout: 'the host took the file and did not report on it in time; whether it was written is unknown',
  ClientRestarted: 'the aliyun service was restarted while the file was sent; whether it was written is unknown',
  InstanceRestarted: 'the instance was restarted while the file was sent; whether it was written is unknown',
  InstanceDeregistered: 'the instance was deregistered while the file was sent; whether it was written is unknown',
  ExecutionInterrupted:
    'the answer with the file was lost and the file was there when the host asked again; whether this wrote it is unknown',
} as const

export type UnknownCode = keyof typeof UNKNOWN_TEXTS
