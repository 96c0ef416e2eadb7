import { isIP } from 'node:net'

/** Whether the text is an address, or a range in CIDR form: `192.0.2.1`, `10.0.0.0/8`, `fd00::/8`. */
export const isAddressRange = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || address.includes('%')) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
