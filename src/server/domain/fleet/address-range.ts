import { BlockList, isIP } from 'node:net'

/** An IPv4 address that came in IPv6 clothes, as itself. */
const plain = (address: string): string =>
  address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address

/** True when the address is the range or in it. */
export const isInRange = (address: string, range: string): boolean => {
  const [base = '', bits] = range.split('/')
  const family = isIP(base)
  const candidate = plain(address)
  if (family === 0 || isIP(candidate) !== family) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(base, bits === undefined ? (family === 4 ? 32 : 128) : Number(bits), type)
  return list.check(candidate, type)
}

const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]

/** True for an address that the internet does not route. */
export const isPrivateAddress = (address: string): boolean => PRIVATE.some((range) => isInRange(address, range))
