// `User-Agent: <goos>_<goarch>/<version>`: the short heartbeat tells version and system nowhere else
// (agent-protocol.md §2.1, §4.2).

export type AgentOsType = 'Linux' | 'Windows' | 'FreeBSD'

export interface UserAgent {
  readonly osType: AgentOsType
  /** As Go calls it: `amd64`, `arm64`, `386`, … */
  readonly architecture: string
  readonly version: string
}

/** Characters that a version may have, as the source of a regular expression. */
export const VERSION_PATTERN = '[0-9A-Za-z][0-9A-Za-z.+~-]{0,63}'

const FORM = new RegExp(`^([a-z]{1,16})_([0-9a-z]{1,16})/(${VERSION_PATTERN})$`)

const OS_TYPES: ReadonlyMap<string, AgentOsType> = new Map([
  ['linux', 'Linux'],
  ['windows', 'Windows'],
  ['freebsd', 'FreeBSD'],
])

const WIRE_NAMES: Readonly<Record<AgentOsType, string>> = { Linux: 'linux', Windows: 'windows', FreeBSD: 'freebsd' }

/** @returns undefined when the header is not of an agent's form or names another system */
export const parseUserAgent = (header: string | undefined): UserAgent | undefined => {
  const match = header === undefined || header.length > 128 ? null : FORM.exec(header)
  if (match === null) return undefined
  const [, goos = '', architecture = '', version = ''] = match
  const osType = OS_TYPES.get(goos)
  return osType === undefined ? undefined : { osType, architecture, version }
}

export const formatUserAgent = ({ osType, architecture, version }: UserAgent): string =>
  `${WIRE_NAMES[osType]}_${architecture}/${version}`

/** `linux`, `windows` or `freebsd`, in any case, as registrations and full heartbeats name it. */
export const parseOsType = (text: string): AgentOsType | undefined => OS_TYPES.get(text.toLowerCase())

export const formatOsType = (osType: AgentOsType): string => WIRE_NAMES[osType]
