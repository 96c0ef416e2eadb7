import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { isAddressRange } from '../address-range.js'
import { canonicalAddress, isLoopback } from './host-name.js'
import type { Peer } from './peer.js'

// Whose request it is (design D11). Only a configured proxy may name somebody else, and where two headers that a
// proxy may have passed on unread disagree, nobody is believed.

/** Longest chain of proxies that is followed. */
const MAX_HOPS = 32

export interface SocketFacts {
  readonly remoteAddress: string | undefined
  readonly encrypted: boolean
}

/**
 * @param trustedProxies addresses and CIDR ranges, such as `10.0.0.0/8`
 * @returns a function that tells who sent a request
 */
export const createPeerReader = (
  trustedProxies: readonly string[],
): ((socket: SocketFacts, headers: IncomingHttpHeaders) => Peer) => {
  const trusted = blockListOf(trustedProxies)
  const trusts = (address: string): boolean =>
    trustedProxies.length > 0 && trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')

  return (socket, headers) => {
    const own = socket.remoteAddress === undefined ? undefined : canonicalAddress(socket.remoteAddress)
    const forwardedFor = headerText(headers['x-forwarded-for'])
    const forwarded = headers.forwarded
    if (own === undefined || !trusts(own)) {
      return {
        address: own,
        secure: socket.encrypted,
        loopback: own !== undefined && isLoopback(own) && forwardedFor === undefined && forwarded === undefined,
      }
    }

    const chains: (readonly (string | undefined)[])[] = []
    if (forwardedFor !== undefined) chains.push(forwardedFor.split(',').map(addressOf))
    const elements = forwarded === undefined ? undefined : forwardedElements(forwarded)
    if (elements !== undefined) chains.push(elements.map((element) => addressOf(element.for ?? '')))
    if (chains.length === 0) {
      // The proxy speaks for itself, for instance with a health check.
      return { address: own, secure: socket.encrypted || saysSecure(headers, undefined), loopback: isLoopback(own) }
    }
    const clients = chains.map((chain) => clientOf(chain, trusts))
    const client = clients.every((one) => one === clients[0]) ? clients[0] : undefined
    return { address: client, secure: saysSecure(headers, elements?.at(-1)?.proto), loopback: false }
  }
}

/** The nearest address that is not a proxy of ours; undefined when something on the way is not an address. */
const clientOf = (chain: readonly (string | undefined)[], trusts: (address: string) => boolean): string | undefined => {
  for (const address of chain.slice(-MAX_HOPS).reverse()) {
    if (address === undefined || !trusts(address)) return address
  }
  return chain.length <= MAX_HOPS ? chain[0] : undefined
}

/** A trusted proxy ends TLS unless it says that its client came without. */
const saysSecure = (headers: IncomingHttpHeaders, forwardedProto: string | undefined): boolean => {
  const last = headerText(headers['x-forwarded-proto'])?.split(',').at(-1)?.trim().toLowerCase()
  return last !== 'http' && forwardedProto?.toLowerCase() !== 'http'
}

interface ForwardedElement {
  readonly for: string | undefined
  readonly proto: string | undefined
}

/** RFC 7239, as far as it is needed: quoted values have no commas or semicolons in `for` and `proto`. */
const forwardedElements = (header: string): readonly ForwardedElement[] =>
  header.split(',').map((element) => {
    const pairs = new Map(
      element.split(';').map((pair): [string, string] => {
        const [name = '', ...value] = pair.split('=')
        return [
          name.trim().toLowerCase(),
          value
            .join('=')
            .trim()
            .replace(/^"(.*)"$/, '$1'),
        ]
      }),
    )
    return { for: pairs.get('for'), proto: pairs.get('proto') }
  })

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; undefined for anything else. */
const addressOf = (text: string): string | undefined => {
  const trimmed = text.trim()
  if (trimmed.length > 64) return undefined
  const bare = /^\[(.*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d+$/.exec(trimmed)?.[1] ?? trimmed
  return isIP(bare) === 0 ? undefined : canonicalAddress(bare)
}

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value

const blockListOf = (ranges: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const range of ranges) {
    if (!isAddressRange(range)) throw new Error(`not an address or CIDR range: ${range}`)
    const [address = '', bits] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}
