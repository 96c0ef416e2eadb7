import { isIP } from 'node:net'
import { isAddressRange } from '../address-range.js'
import { canonicalAddress, isDnsName } from '../front/host-name.js'
import {
  choiceSetting,
  flagSetting,
  integerSetting,
  optionalIntegerSetting,
  optionalSetting,
  secretSetting,
  textSetting,
  textsSetting,
} from './setting.js'

// Every setting of the server, in the order of its documentation. The key is its name in the config file.

const PLACES = 'Where it is'
const WHO = 'Who may come in'
const TLS = 'Certificates'
const FLEET = 'The fleet'
const LIMITS = 'Limits'
const OTHER = 'Other'

export const SETTINGS = {
  dataDir: textSetting(
    { flag: 'data', env: 'OPENASSIST_DATA', group: PLACES, about: 'Directory for everything that the server keeps.' },
    'DIR',
    { value: './data', text: './data' },
    (text) => text,
  ),
  database: secretSetting(
    {
      flag: 'database',
      env: 'OPENASSIST_DATABASE',
      group: PLACES,
      about:
        'PostgreSQL to keep everything in, such as postgres://user:password@host/name; without it, SQLite in the data ' +
        'directory. A process list shows options: prefer the variable or the file when there is a password.',
    },
    'URL',
    databaseUrl,
  ),
  listen: textSetting(
    {
      flag: 'listen',
      env: 'OPENASSIST_LISTEN',
      group: PLACES,
      about: 'Plain HTTP, for tools on this machine and for proxies that end TLS; "none" for no such listener.',
    },
    'HOST:PORT',
    { value: { host: '127.0.0.1', port: 8080 }, text: '127.0.0.1:8080' },
    listenAddress,
  ),
  listenTls: textSetting(
    {
      flag: 'listen-tls',
      env: 'OPENASSIST_LISTEN_TLS',
      group: PLACES,
      about: 'TLS, for agents and everything else; "none" for no such listener.',
    },
    'HOST:PORT',
    { value: { host: '0.0.0.0', port: 8443 }, text: '0.0.0.0:8443' },
    listenAddress,
  ),
  publicHosts: textsSetting(
    {
      flag: 'public-host',
      env: 'OPENASSIST_PUBLIC_HOST',
      group: PLACES,
      about:
        'Name or address by which agents and clients reach this server; the first is the one that is told to them. ' +
        'Requests for other names are refused.',
    },
    'NAME',
    [],
    hostName,
  ),
  publicPort: optionalIntegerSetting(
    {
      flag: 'public-port',
      env: 'OPENASSIST_PUBLIC_PORT',
      group: PLACES,
      about: 'Port by which they reach it with TLS, when that is not the one of --listen-tls.',
    },
    { min: 1, max: 65_535 },
  ),
  outputStores: optionalSetting(
    {
      flag: 'output-stores',
      env: 'OPENASSIST_OUTPUT_STORES',
      group: PLACES,
      about: 'JSON file that says where outputs can be delivered to, by oss://bucket. Without it, nowhere.',
    },
    'FILE',
    (text) => text,
  ),
  regions: textsSetting(
    {
      flag: 'region',
      env: 'OPENASSIST_REGION',
      group: FLEET,
      about: 'Region that this server serves. Official tools accept ids that the vendor uses.',
    },
    'ID',
    ['cn-hangzhou'],
    regionId,
  ),
  accountId: textSetting(
    { flag: 'account-id', env: 'OPENASSIST_ACCOUNT_ID', group: FLEET, about: 'Account that owns everything.' },
    'DIGITS',
    { value: '1000000000000001', text: '1000000000000001' },
    accountId,
  ),
  keyFile: optionalSetting(
    {
      flag: 'key-file',
      env: 'OPENASSIST_KEY_FILE',
      group: WHO,
      about:
        'File with the key that encrypts secrets, 64 hexadecimal digits; without it, secret.key in the data directory. ' +
        'Must be given with PostgreSQL, the same one on every node.',
    },
    'FILE',
    (text) => text,
  ),
  accessKeyId: optionalSetting(
    {
      env: 'OPENASSIST_ACCESS_KEY_ID',
      inFile: false,
      group: WHO,
      about: 'AccessKey that is there from the start. Without it the server makes one, once.',
    },
    'ID',
    accessKeyId,
  ),
  accessKeySecret: secretSetting(
    {
      env: 'OPENASSIST_ACCESS_KEY_SECRET',
      inFile: false,
      group: WHO,
      about: 'The secret of that AccessKey.',
    },
    'SECRET',
    accessKeySecret,
  ),
  outputAccessKeyId: optionalSetting(
    {
      env: 'OPENASSIST_OUTPUT_ACCESS_KEY_ID',
      inFile: false,
      group: WHO,
      about: 'AccessKey for stores of outputs that name none themselves.',
    },
    'ID',
    (text) => text,
  ),
  outputAccessKeySecret: secretSetting(
    {
      env: 'OPENASSIST_OUTPUT_ACCESS_KEY_SECRET',
      inFile: false,
      group: WHO,
      about: 'The secret of that AccessKey.',
    },
    'SECRET',
    (text) => text,
  ),
  allowedOrigins: textsSetting(
    {
      flag: 'allow-origin',
      env: 'OPENASSIST_ALLOW_ORIGIN',
      group: WHO,
      about: 'Web origin whose pages may call, such as https://console.example.com. No page may without it.',
    },
    'ORIGIN',
    [],
    webOrigin,
  ),
  trustedProxies: textsSetting(
    {
      flag: 'trust-proxy',
      env: 'OPENASSIST_TRUST_PROXY',
      group: WHO,
      about:
        'Address or range of a proxy that ends TLS and names its client in X-Forwarded-For or Forwarded. It must ' +
        'remove what the client sent under these names.',
    },
    'CIDR',
    [],
    addressRange,
  ),
  remoteMetrics: flagSetting(
    {
      flag: 'remote-metrics',
      env: 'OPENASSIST_REMOTE_METRICS',
      group: WHO,
      about: 'Answer /metrics to everybody, not to this machine only.',
    },
    false,
  ),
  tlsCert: optionalSetting(
    {
      flag: 'tls-cert',
      env: 'OPENASSIST_TLS_CERT',
      group: TLS,
      about:
        'Certificate and chain, PEM. Without it the server makes its own and an authority for it. Read again on SIGHUP.',
    },
    'FILE',
    (text) => text,
  ),
  tlsKey: optionalSetting(
    { flag: 'tls-key', env: 'OPENASSIST_TLS_KEY', group: TLS, about: 'Private key of that certificate, PEM.' },
    'FILE',
    (text) => text,
  ),
  newCa: flagSetting(
    {
      flag: 'new-ca',
      inFile: false,
      group: TLS,
      about: "Make a new authority in place of the server's own. Every agent must then be given the new ca.pem.",
    },
    false,
  ),
  maxAgents: integerSetting(
    {
      flag: 'max-agents',
      env: 'OPENASSIST_MAX_AGENTS',
      group: LIMITS,
      about: 'Agents connected to this node at a time.',
    },
    { min: 1, max: 1_000_000, default: 7_000 },
  ),
  maxConnections: optionalIntegerSetting(
    {
      env: 'OPENASSIST_MAX_CONNECTIONS',
      group: LIMITS,
      about: 'Open connections of one listener; two for each agent and 2,000 for others when it is not given.',
    },
    { min: 1, max: 10_000_000 },
  ),
  instancesPerInvocation: integerSetting(
    {
      env: 'OPENASSIST_INSTANCES_PER_INVOCATION',
      group: LIMITS,
      about: 'Instances in one RunCommand or InvokeCommand.',
    },
    { min: 1, max: 1_000_000, default: 100 },
  ),
  instancesPerRollout: integerSetting(
    {
      env: 'OPENASSIST_INSTANCES_PER_ROLLOUT',
      group: LIMITS,
      about: 'The same for one that gives instances their turn by MaxConcurrency, Waves or the like.',
    },
    { min: 1, max: 1_000_000, default: 10_000 },
  ),
  instancesPerFileSend: integerSetting(
    {
      env: 'OPENASSIST_INSTANCES_PER_FILE_SEND',
      group: LIMITS,
      about: 'Instances in one SendFile.',
    },
    { min: 1, max: 500, default: 50 },
  ),
  instancesPerStatusQuery: integerSetting(
    {
      env: 'OPENASSIST_INSTANCES_PER_STATUS_QUERY',
      group: LIMITS,
      about: 'Instance ids in one DescribeCloudAssistantStatus.',
    },
    { min: 1, max: 1_000, default: 100 },
  ),
  commandQuota: integerSetting(
    { env: 'OPENASSIST_COMMAND_QUOTA', group: LIMITS, about: 'Kept commands in a region.' },
    { min: 1, max: 1_000_000, default: 500 },
  ),
  activationQuota: integerSetting(
    { env: 'OPENASSIST_ACTIVATION_QUOTA', group: LIMITS, about: 'Activations in a region.' },
    { min: 1, max: 1_000_000, default: 5_000 },
  ),
  secretQuota: integerSetting(
    { env: 'OPENASSIST_SECRET_QUOTA', group: LIMITS, about: 'Secrets in a region.' },
    { min: 1, max: 1_000_000, default: 1_000 },
  ),
  invocationsPerDay: optionalIntegerSetting(
    {
      env: 'OPENASSIST_INVOCATIONS_PER_DAY',
      group: LIMITS,
      about: 'Invocations in a region in one day (UTC); no limit when it is not given.',
    },
    { min: 1, max: 1_000_000_000 },
  ),
  outputBytes: integerSetting(
    { env: 'OPENASSIST_OUTPUT_BYTES', group: LIMITS, about: 'Bytes of output that are kept of one task.' },
    { min: 12_000, max: 16_777_216, default: 24_576 },
  ),
  tasksPerHost: integerSetting(
    {
      env: 'OPENASSIST_TASKS_PER_HOST',
      group: LIMITS,
      about: "Unfinished commands on one host at a time. The vendor's agent has ten workers.",
    },
    { min: 1, max: 10, default: 10 },
  ),
  bodyBytes: integerSetting(
    { env: 'OPENASSIST_BODY_BYTES', group: LIMITS, about: 'Bytes in the body of one API call.' },
    { min: 65_536, max: 67_108_864, default: 4_194_304 },
  ),
  retentionDays: integerSetting(
    {
      flag: 'retention-days',
      env: 'OPENASSIST_RETENTION_DAYS',
      group: LIMITS,
      about: 'Days that finished invocations and their results are kept.',
    },
    { min: 1, max: 36_500, default: 30 },
  ),
  retentionRecords: integerSetting(
    {
      flag: 'retention-records',
      env: 'OPENASSIST_RETENTION_RECORDS',
      group: LIMITS,
      about: 'Invocations that are kept in a region, the newest; older ones go as soon as they are over.',
    },
    { min: 1, max: 100_000_000, default: 10_000 },
  ),
  fileRetentionDays: integerSetting(
    { env: 'OPENASSIST_FILE_RETENTION_DAYS', group: LIMITS, about: 'Days that file sends are kept.' },
    { min: 1, max: 36_500, default: 1 },
  ),
  fileRetentionRecords: integerSetting(
    {
      env: 'OPENASSIST_FILE_RETENTION_RECORDS',
      group: LIMITS,
      about: 'File sends that are kept in a region, the newest.',
    },
    { min: 1, max: 100_000_000, default: 1_000 },
  ),
  cacheMiB: integerSetting(
    { env: 'OPENASSIST_CACHE_MIB', group: LIMITS, about: 'Memory for pages of the SQLite database, at most, in MiB.' },
    { min: 2, max: 65_536, default: 64 },
  ),
  timestampWindowSeconds: integerSetting(
    {
      env: 'OPENASSIST_TIMESTAMP_WINDOW_SECONDS',
      group: OTHER,
      about: "How far the time of a signed call may be from the server's.",
    },
    { min: 1, max: 86_400, default: 900 },
  ),
  echoStringToSign: flagSetting(
    {
      env: 'OPENASSIST_ECHO_STRING_TO_SIGN',
      group: OTHER,
      about: 'Tell a caller whose signature does not match what should have been signed.',
    },
    true,
  ),
  logLevel: choiceSetting(
    { flag: 'log-level', env: 'OPENASSIST_LOG_LEVEL', group: OTHER, about: 'What is logged, on standard error.' },
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'info',
  ),
}

export type Settings = typeof SETTINGS

function listenAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  if (text === 'none') return undefined
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  const isHost = match?.[1] === undefined ? isIP(host) === 4 || isDnsName(host.toLowerCase()) : isIP(host) === 6
  if (match === null || !isHost || port > 65_535) {
    throw new Error('must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, or none')
  }
  return { host, port }
}

function hostName(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0 && !bare.includes('%')) return canonicalAddress(bare)
  const name = text.toLowerCase().replace(/\.$/, '')
  if (!isDnsName(name)) throw new Error('must be a DNS name or an address, without scheme and port')
  return name
}

function databaseUrl(text: string): string {
  const isPostgres = /^postgres(ql)?:\/\//.test(text) && URL.canParse(text)
  if (!isPostgres) throw new Error('must be a URL that begins with postgres://')
  return text
}

function regionId(text: string): string {
  if (!/^[a-z][a-z0-9-]{1,62}[a-z0-9]$/.test(text)) {
    throw new Error('must be a region id, such as cn-hangzhou: lower-case letters, digits and hyphens')
  }
  return text
}

function accountId(text: string): string {
  if (!/^\d{6,20}$/.test(text)) throw new Error('must be 6 to 20 digits')
  return text
}

function accessKeyId(text: string): string {
  if (!/^[A-Za-z0-9._-]{4,128}$/.test(text))
    throw new Error('must be 4 to 128 letters, digits, dots, hyphens or underscores')
  return text
}

function accessKeySecret(text: string): string {
  if (!/^[\x21-\x7e]{8,128}$/.test(text)) throw new Error('must be 8 to 128 printable characters without spaces')
  return text
}

function webOrigin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text || !/^https?:/.test(text)) {
    throw new Error('must be a web origin, such as https://console.example.com')
  }
  return text
}

function addressRange(text: string): string {
  if (!isAddressRange(text)) throw new Error('must be an address or a range, such as 10.0.0.0/8')
  return text
}
