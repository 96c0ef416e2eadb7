import { isIP } from 'node:net'
import type { NetworkInterfaceInfo } from 'node:os'
import { canonicalAddress, hostPart, isDnsName, isLoopback } from '../front/host-name.js'

/** What the server's certificate says it is. DNS names in lower case, addresses in one spelling. */
export interface ServerNames {
  /** Named by the operator: clients were told to dial them, so the certificate must hold them. */
  readonly advertised: readonly string[]
  /** Found on this machine. They come and go with networks and containers. */
  readonly found: readonly string[]
}

/** Addresses of one machine that go into a certificate; a host of containers may have thousands. */
const MAX_ADDRESSES = 64

/**
 * @param publicHosts names and addresses that the operator advertises
 * @param listenHost what the TLS listener binds; with one address, the machine's others are left out
 */
export const serverNames = (
  publicHosts: readonly string[],
  listenHost: string,
  machine: {
    readonly hostname: string
    readonly interfaces: NodeJS.Dict<readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[]>
  },
): ServerNames => {
  const advertised = unique(publicHosts.map(normalise))
  const bound = canonicalAddress(listenHost)
  const everywhere = isIP(bound) === 0 || bound === '0.0.0.0' || bound === '::'
  const own = Object.values(machine.interfaces)
    .flatMap((addresses) => addresses ?? [])
    // A link-local address means nothing without its zone, which a certificate cannot hold.
    .filter(({ address, internal }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => canonicalAddress(address))
    .sort()
    .slice(0, MAX_ADDRESSES)
  const hostname = normalise(machine.hostname)
  const found = [
    'localhost',
    '127.0.0.1',
    '::1',
    ...(isDnsName(hostname) ? [hostname] : []),
    ...(everywhere ? own : isLoopback(bound) ? [] : [bound]),
  ]
  return { advertised, found: unique(found).filter((name) => !advertised.includes(name)) }
}

/** Whether a name constraint permits a name: the DNS name itself and what is below it, or exactly the address. */
export const isCovered = (name: string, permitted: readonly string[]): boolean =>
  permitted.some((one) => one === name || (isIP(name) === 0 && isIP(one) === 0 && name.endsWith(`.${one}`)))

const normalise = (host: string): string =>
  isIP(host) === 0 ? (hostPart(host) ?? host.toLowerCase()) : canonicalAddress(host)

const unique = (names: readonly string[]): string[] => [...new Set(names)]
