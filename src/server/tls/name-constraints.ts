import { isIP, isIPv4 } from 'node:net'

// NameConstraints of RFC 5280 §4.2.1.10, which the certificate library has no class for:
//   SEQUENCE { permittedSubtrees [0] { SEQUENCE { dNSName [2] | iPAddress [7] } … } }

export const NAME_CONSTRAINTS_OID = '2.5.29.30'

/**
 * The extension's value. Other kinds of names (mail, URI) stay free: a TLS client never asks for them.
 * @param names DNS names (each permits what is below it, too) and addresses. Both kinds must be there: a kind
 *   without an entry would be free.
 */
export const nameConstraints = (names: readonly string[]): Buffer => {
  if (names.every((name) => isIP(name) === 0) || names.every((name) => isIP(name) !== 0)) {
    throw new Error('Name constraints need a DNS name and an address: a kind that is missing would be permitted.')
  }
  const subtrees = names.map((name) =>
    tagged(
      0x30,
      isIP(name) === 0 ? tagged(0x82, Buffer.from(name, 'ascii')) : tagged(0x87, wholeMask(addressBytes(name))),
    ),
  )
  return tagged(0x30, tagged(0xa0, Buffer.concat(subtrees)))
}

/** An address and a mask of ones: this address only. */
const wholeMask = (address: Buffer): Buffer => Buffer.concat([address, Buffer.alloc(address.length, 0xff)])

/** 4 or 16 bytes in network order. */
export const addressBytes = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const front = groups(head)
  const back = groups(tail)
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}

const tagged = (tag: number, content: Buffer): Buffer => {
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x1_0000
          ? [tag, 0x82, length >> 8, length & 255]
          : undefined
  if (header === undefined) throw new Error('too many names for a certificate')
  return Buffer.concat([Buffer.from(header), content])
}
