import type { Pair } from '../../command-line/options.js'
import { quoteForShell } from '../running/script.js'

/** What a host needs to become a managed instance. */
export interface Permit {
  /** `host:port` as hosts reach it. */
  readonly server: string
  readonly regionId: string
  readonly activationId: string
  readonly activationCode: string
  /** PEM; undefined: the server's certificate is signed by a CA that the hosts trust already. */
  readonly ca: string | undefined
  /** Hosts are named by the server, from the activation's prefix. */
  readonly isNamed: boolean
  /** The hosts say them themselves: those of an activation are its own. */
  readonly tags: readonly Pair[]
}

const MARK = 'OPENASSIST_CA'

const tagWords = (tags: readonly Pair[]): string =>
  tags.map(({ name, value }) => ` --tag ${quoteForShell(`${name}=${value ?? ''}`)}`).join('')

const heredoc = (target: string, pem: string): string[] => [
  `cat > ${target} <<'${MARK}'`,
  ...pem.trim().split('\n'),
  MARK,
]

/** Lines for a root shell that connect a host with our agent. */
export const ownAgentLines = ({ server, activationId, activationCode, ca, tags }: Permit): readonly string[] => {
  const register =
    `OPENASSIST_ACTIVATION_CODE=${quoteForShell(activationCode)} openassist agent register` +
    ` --server ${quoteForShell(server)} --activation-id ${quoteForShell(activationId)}${tagWords(tags)}`
  return [
    ...(ca === undefined
      ? [register]
      : ['ca=$(mktemp)', ...heredoc('"$ca"', ca), `${register} --ca-file "$ca"`, 'rm -f "$ca"']),
    'openassist agent run',
  ]
}

/**
 * Lines for a root shell that connect a host with the vendor's agent (agent-protocol.md §1.7, R1). The CA goes into the
 * system's trust store: the agent's terminal sessions look nowhere else.
 */
export const vendorAgentLines = (permit: Permit): readonly string[] => {
  const { server, regionId, activationId, activationCode, ca, isNamed, tags } = permit
  const trust =
    ca === undefined
      ? []
      : [
          'if command -v update-ca-certificates >/dev/null; then',
          '  ca=/usr/local/share/ca-certificates/openassist.crt update=update-ca-certificates',
          'else',
          '  ca=/etc/pki/ca-trust/source/anchors/openassist.pem update=update-ca-trust',
          'fi',
          'mkdir -p "$(dirname "$ca")"',
          ...heredoc('"$ca"', ca),
          '$update',
        ]
  return [
    ...trust,
    `export ALIYUN_ASSIST_SERVER_HOST=${quoteForShell(server)}`,
    'mkdir -p /etc/sysconfig',
    'echo "ALIYUN_ASSIST_SERVER_HOST=$ALIYUN_ASSIST_SERVER_HOST" > /etc/sysconfig/aliyun',
    `aliyun-service --register --RegionId ${quoteForShell(regionId)} --ActivationCode ${quoteForShell(activationCode)}` +
      ` --ActivationId ${quoteForShell(activationId)}${isNamed ? '' : ' --InstanceName "$(hostname)"'}${tagWords(tags)}`,
    'chmod 600 /usr/local/share/aliyun-assist/hybrid/pri-key',
    'systemctl restart aliyun',
  ]
}
