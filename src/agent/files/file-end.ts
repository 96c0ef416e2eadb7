/** How a sent file ended (agent-protocol.md §7). */
export type FileEnd =
  | { readonly kind: 'file-finish'; readonly code: number }
  | { readonly kind: 'file-invalid'; readonly param: string; readonly value: string }

/** Numbers of `errorcode`. */
export const FILE_CODE = { written: 0, notWritten: 1, ownerNotSet: 2, modeNotSet: 3, noDirectory: 4 } as const

export const fileEnded = (code: number): FileEnd => ({ kind: 'file-finish', code })

/** Longest value that comes back; a server's own words. */
const LONGEST_VALUE = 500

export const fileRefused = (param: string, value: string): FileEnd => ({
  kind: 'file-invalid',
  param,
  value: value.slice(0, LONGEST_VALUE),
})
