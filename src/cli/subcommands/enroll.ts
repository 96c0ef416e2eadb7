import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { escapeControlInJson } from '../../command-line/escape-control.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure, UsageError } from '../../command-line/failures.js'
import { flag, integer, pairs, text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'
import type { Terminal } from '../../command-line/terminal.js'
import { textAt } from '../answer.js'
import { type FlatParameters, openApi } from '../call-operation.js'
import { ownAgentLines, type Permit, vendorAgentLines } from '../enrolling/connect-lines.js'
import { count } from '../output/count.js'
import { CONNECTION_OPTIONS, type Connection, readConnection } from '../settings.js'

export const enroll = defineSubcommand({
  name: 'enroll',
  summary: 'makes an activation and prints the lines that connect a host',
  description: [
    'The lines hold the activation’s code, a secret that is told only now, and the server’s CA, so that a host trusts ' +
      'this server and no other from its first connection on. Paste them into a root shell of the host.',
  ],
  options: {
    name: text('Hosts are named after this, with a number. Without it, they name themselves.', { value: 'PREFIX' }),
    count: integer('How many hosts may register.', { min: 1, max: 1000, default: 1 }),
    hours: integer('For how long.', { min: 1, max: 24, default: 4 }),
    'ip-range': text('From where only: an address or a CIDR block.', { value: 'CIDR' }),
    tag: pairs('Tag for the hosts.'),
    description: text('Kept with the activation.'),
    agent: text('Lines for which agent.', { oneOf: ['openassist', 'vendor', 'both'], default: 'both' }),
    server: text('The server as hosts reach it. Without it, what the server in --data says, else --endpoint.', {
      value: 'HOST:PORT',
    }),
    'system-ca': flag('Print no CA: the hosts trust the signer of the server’s certificate already.'),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { about: 'One host, within four hours', line: 'openassist enroll' },
    {
      about: 'Fifty web servers of one network',
      line: 'openassist enroll --name web --count 50 --ip-range 10.2.0.0/16 --tag role=web',
    },
    { about: 'Only the lines for our agent', line: 'openassist enroll --agent openassist > connect.sh' },
  ],
  exitCodes: [{ code: EXIT.noServer, about: 'The server cannot be reached.' }],
  run: async ({ options, terminal }) => {
    const connection = readConnection(options, terminal)
    const server = options.server ?? serverFor(connection)
    const ca = options['system-ca'] ? undefined : caFor(connection, options['ca-file'], terminal)
    using api = openApi(connection)
    const optional: (readonly [string, string | undefined])[] = [
      ['InstanceName', options.name],
      ['IpAddressRange', options['ip-range']],
      ['Description', options.description],
    ]
    const parameters: FlatParameters = [
      ['InstanceCount', String(options.count)],
      ['TimeToLiveInHours', String(options.hours)],
      ...optional.filter((pair): pair is readonly [string, string] => pair[1] !== undefined),
      ...options.tag.flatMap(({ name, value }, index) => [
        [`Tag.${index + 1}.Key`, name] as const,
        [`Tag.${index + 1}.Value`, value ?? ''] as const,
      ]),
    ]
    const answer = await api.call('CreateActivation', parameters)
    const permit: Permit = {
      server,
      regionId: connection.regionId,
      activationId: textAt(answer, 'ActivationId'),
      activationCode: textAt(answer, 'ActivationCode'),
      ca,
      isNamed: options.name !== undefined,
      tags: options.tag,
    }
    if (options.output === 'json') writeJson(permit, options, terminal)
    else writeLines(permit, options, terminal)
    warnOfLoopback(server, terminal)
    return EXIT.ok
  },
})

const serverFor = ({ server, endpoint }: Connection): string => {
  if (server !== undefined) {
    if (server.tlsEndpoint === undefined) {
      throw new CommandFailure('the server has no TLS listener, and agents connect by TLS only.', {
        advice: [
          'Start it with --listen-tls, or, behind a proxy that speaks TLS, give the proxy’s --server HOST:PORT.',
        ],
      })
    }
    return hostAndPort(new URL(server.tlsEndpoint))
  }
  if (endpoint.protocol === 'https:') return hostAndPort(endpoint)
  throw new UsageError('how do hosts reach the server by TLS? Give --server HOST:PORT.')
}

const hostAndPort = ({ hostname, port }: URL): string => `${hostname}:${port === '' ? '443' : port}`

/** From a file of this machine only: a CA that came over the connection it is to protect would prove nothing. */
const caFor = ({ server }: Connection, given: string | undefined, { cwd }: Terminal): string => {
  const file = given ?? server?.caFile
  if (file === undefined) {
    throw new UsageError(
      'whom do hosts trust? Give the server’s CA with --ca-file, or --system-ca if a public CA has signed its certificate.',
    )
  }
  const pem = readPem(resolve(cwd, file))
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0) throw new CommandFailure(`${file} holds no PEM certificate.`)
  // The certificates alone: a private key that lies in the same file must never be printed.
  return certificates.join('\n')
}

const readPem = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandFailure(`the CA cannot be read: ${why}`, { cause: error })
  }
}

interface Wanted {
  readonly agent: 'openassist' | 'vendor' | 'both'
  readonly count: number
  readonly hours: number
}

const writeJson = (permit: Permit, { agent, count: instanceCount, hours }: Wanted, { stdout }: Terminal): void => {
  const document = {
    activationId: permit.activationId,
    activationCode: permit.activationCode,
    instanceCount,
    timeToLiveInHours: hours,
    server: permit.server,
    regionId: permit.regionId,
    caCertificate: permit.ca ?? null,
    lines: {
      ...(agent === 'vendor' ? {} : { openassist: ownAgentLines(permit) }),
      ...(agent === 'openassist' ? {} : { vendor: vendorAgentLines(permit) }),
    },
  }
  stdout.write(`${escapeControlInJson(JSON.stringify(document, null, 2))}\n`)
}

const writeLines = (permit: Permit, { agent, count: hosts, hours }: Wanted, { stdout }: Terminal): void => {
  const { bold, dim } = stdout.colours
  const comment = (text: string) => dim(`# ${text}`)
  const lines = [
    comment(`Activation ${permit.activationId}: ${count(hosts, 'host')}, within ${count(hours, 'hour')}.`),
    comment('Paste one of these blocks into a root shell of the host.'),
  ]
  if (agent !== 'vendor') {
    lines.push('', bold(comment('--- With OpenAssist’s agent (Node.js 20.19 or newer, and openassist, on the host)')))
    lines.push(...ownAgentLines(permit))
  }
  if (agent !== 'openassist') {
    lines.push('', bold(comment('--- With the vendor’s agent (aliyun_assist_client, 2.2.3.578 or newer, on the host)')))
    lines.push(...vendorAgentLines(permit))
  }
  stdout.write(`${lines.join('\n')}\n`)
}

const warnOfLoopback = (server: string, { stderr }: Terminal): void => {
  if (!/^(localhost|127\.|\[::1\])/.test(server)) return
  stderr.write(
    `${stderr.colours.yellow('Note:')} only this machine itself can reach ${server}. ` +
      'For other hosts, start the server with --public-host NAME.\n',
  )
}
