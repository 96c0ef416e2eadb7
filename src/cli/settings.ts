import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { calledAs } from '../command-line/called-as.js'
import { EXIT } from '../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../command-line/failures.js'
import { integer, text, type ValuesOf } from '../command-line/options.js'
import type { Terminal } from '../command-line/terminal.js'
import { quoteForShell } from './running/script.js'
import { readFirstAccessKey, readServerFile, type ServerFile } from './server-files.js'
import type { AccessKey } from './sign-request.js'

const group = 'Server and credentials'
const DEFAULT_DATA = './data'

/** How every subcommand that calls a server is told which one, and who calls. */
export const CONNECTION_OPTIONS = {
  endpoint: text('The server. Without it, the one whose data are in --data.', {
    group,
    value: 'URL',
    env: 'OPENASSIST_ENDPOINT',
  }),
  'access-key-id': text('Who calls. Without it, the first AccessKey of the server in --data.', {
    group,
    value: 'ID',
    env: 'ALIBABA_CLOUD_ACCESS_KEY_ID',
  }),
  'access-key-secret': text('Its secret. Other users of this machine can see options: prefer the variable.', {
    group,
    value: 'SECRET',
    env: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET',
  }),
  region: text('The region. Without it, the one of the server in --data, else cn-hangzhou.', {
    group,
    value: 'REGION',
    env: 'ALIBABA_CLOUD_REGION_ID',
  }),
  'ca-file': text('Certificates (PEM) that are trusted instead of the system’s, for https.', {
    group,
    value: 'FILE',
    env: 'OPENASSIST_CA_FILE',
  }),
  data: text('Folder of a server on this machine.', {
    group,
    value: 'DIR',
    env: 'OPENASSIST_DATA',
    default: DEFAULT_DATA,
  }),
  'call-timeout': integer('Seconds to wait for one answer of the server.', { group, min: 1, max: 3600, default: 30 }),
} as const

export type ConnectionValues = ValuesOf<typeof CONNECTION_OPTIONS>

/** Which server is called, as whom; and where that was learnt, for messages. */
export interface Connection {
  readonly endpoint: URL
  readonly endpointSource: string
  readonly key: AccessKey
  readonly keySource: string
  readonly regionId: string
  /** PEM text; undefined: the system's certificates. */
  readonly ca: string | undefined
  readonly timeoutMs: number
  /** What the server in `--data` says about itself, when that is the one called. */
  readonly server: ServerFile | undefined
  /** The folder of `--data`, as a person would type it. */
  readonly data: string
}

/** @throws CommandFailure that says what is missing and how to give it */
export const readConnection = (values: ConnectionValues, terminal: Pick<Terminal, 'env' | 'cwd'>): Connection => {
  const folder = resolve(terminal.cwd, values.data)
  const data = shortest(terminal.cwd, folder)
  const local = readServerFile(folder)
  const named = values.endpoint === undefined ? undefined : endpointOf(values.endpoint)
  if (named === undefined && local === undefined) {
    throw new CommandFailure(`no server is known: there is no ${data}/server.json, and no endpoint was given.`, {
      exitCode: EXIT.noServer,
      advice: [
        `Start one here:  ${calledAs(terminal.cwd)} serve --data ${data}`,
        'or name one:     --endpoint http://127.0.0.1:8080 (or OPENASSIST_ENDPOINT)',
      ],
    })
  }
  const isLocal = local !== undefined && (named === undefined || isEndpointOf(local, named))
  const server = isLocal ? local : undefined
  const endpoint = named ?? endpointOf(local?.endpoint ?? '')
  const caFile = values['ca-file'] ?? (endpoint.protocol === 'https:' ? server?.caFile : undefined)
  return {
    endpoint,
    endpointSource:
      named === undefined
        ? `${data}/server.json`
        : sourceOf('endpoint', 'OPENASSIST_ENDPOINT', values.endpoint, terminal),
    ...keyOf(values, server === undefined ? undefined : folder, data, terminal),
    regionId: values.region ?? server?.regionId ?? 'cn-hangzhou',
    ca: caFile === undefined ? undefined : readCertificates(resolve(terminal.cwd, caFile)),
    timeoutMs: values['call-timeout'] * 1000,
    server,
    data,
  }
}

/** The options that name the same server in another line of the same shell; `''` when none is needed. */
export const sameServer = ({ endpoint, data }: ConnectionValues, { env }: Pick<Terminal, 'env'>): string => {
  if (endpoint !== undefined)
    return env['OPENASSIST_ENDPOINT'] === endpoint ? '' : ` --endpoint ${quoteForShell(endpoint)}`
  return data === DEFAULT_DATA || env['OPENASSIST_DATA'] === data ? '' : ` --data ${quoteForShell(data)}`
}

/** The path of a folder, relative where that is shorter. */
const shortest = (cwd: string, folder: string): string => {
  const short = relative(cwd, folder)
  return short === '' ? '.' : short.startsWith('..') ? folder : `./${short}`
}

/** `http://host:port`; without a scheme, http for this machine and https for all others. */
const endpointOf = (given: string): URL => {
  const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(given)
  const isLoopback = /^(localhost|127\.[\d.]+|\[::1\])(:|\/|$)/.test(given)
  const url = parseUrl(hasScheme ? given : `${isLoopback ? 'http' : 'https'}://${given}`)
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.host === '') {
    throw new UsageError(`the endpoint ${given} is not a URL such as http://127.0.0.1:8080.`)
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new UsageError(`the endpoint ${given} must be scheme, host and port only, such as http://127.0.0.1:8080.`)
  }
  return url
}

const parseUrl = (given: string): URL | undefined => (URL.canParse(given) ? new URL(given) : undefined)

const isEndpointOf = (server: ServerFile, endpoint: URL): boolean =>
  [server.endpoint, server.tlsEndpoint].some((known) => known !== undefined && parseUrl(known)?.host === endpoint.host)

const keyOf = (
  values: ConnectionValues,
  folder: string | undefined,
  data: string,
  terminal: Pick<Terminal, 'env'>,
): { readonly key: AccessKey; readonly keySource: string } => {
  const accessKeyId = values['access-key-id']
  const accessKeySecret = values['access-key-secret']
  if (accessKeyId !== undefined && accessKeySecret !== undefined) {
    const keySource = sourceOf('access-key-id', 'ALIBABA_CLOUD_ACCESS_KEY_ID', accessKeyId, terminal)
    return { key: { accessKeyId, accessKeySecret }, keySource }
  }
  if ((accessKeyId === undefined) !== (accessKeySecret === undefined)) {
    const [have, lack] = accessKeyId === undefined ? ['secret', 'id'] : ['id', 'secret']
    throw new CommandFailure(`an AccessKey ${have} was given, but no ${lack}.`, {
      advice: [`Set ALIBABA_CLOUD_ACCESS_KEY_${lack.toUpperCase()}, or give --access-key-${lack}.`],
    })
  }
  const first = folder === undefined ? undefined : readFirstAccessKey(folder)
  if (first !== undefined) return { key: first, keySource: `${data}/first-access-key` }
  throw new CommandFailure('no AccessKey is known to call the server with.', {
    advice: [
      'Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET.',
      'The first one of a server is in the file first-access-key of its data folder.',
    ],
  })
}

const sourceOf = (
  option: string,
  variable: string,
  value: string | undefined,
  terminal: Pick<Terminal, 'env'>,
): string => (terminal.env[variable] === value ? variable : `--${option}`)

const readCertificates = (file: string): string => {
  let pem: string
  try {
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailure(
      `the certificates in ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new CommandFailure(`${file} holds no PEM certificate.`)
  return pem
}
