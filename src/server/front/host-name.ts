import { isIP, isIPv4 } from 'node:net'

/**
 * The host part of a `Host` header or URL authority in one spelling: lower case, no port, no brackets, no final dot,
 * IPv4-mapped addresses as IPv4.
 * @returns undefined when it is not a host and an optional port
 */
export const hostPart = (authority: string): string | undefined => {
  if (authority.length > 262) return undefined
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(authority)
  if (bracketed !== null) {
    const address = bracketed[1] ?? ''
    return isIP(address) === 6 ? canonicalAddress(address) : undefined
  }
  const named = /^([a-z0-9_.-]+?)\.?(?::\d{0,5})?$/i.exec(authority)
  return named?.[1]?.toLowerCase()
}

/** An IP address in one spelling: IPv4-mapped as IPv4, IPv6 compressed and without a zone. */
export const canonicalAddress = (address: string): string => {
  const bare = address.split('%', 1)[0] ?? address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)
  if (mapped?.[1] !== undefined && isIPv4(mapped[1])) return mapped[1]
  if (isIP(bare) !== 6) return bare
  const compressed = new URL(`http://[${bare}]/`).hostname.slice(1, -1)
  const hexMapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed)
  if (hexMapped === null) return compressed
  const high = Number.parseInt(hexMapped[1] ?? '0', 16)
  const low = Number.parseInt(hexMapped[2] ?? '0', 16)
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** 127.0.0.0/8 and ::1, in the spelling of {@link canonicalAddress}. */
export const isLoopback = (address: string): boolean =>
  address === '::1' || (isIPv4(address) && address.startsWith('127.'))

/** A DNS name as certificates can hold it, in lower case and without a final dot. */
export const isDnsName = (name: string): boolean =>
  name.length <= 253 && isIP(name) === 0 && /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(name)
