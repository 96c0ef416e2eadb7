import { isIP } from 'node:net'
import {
  connect as connectTls,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'

/** Where the fleet connects to; one context of trust for all of its sockets. */
export interface Endpoint {
  /** As in a `Host` header. */
  readonly host: string
  /** A new connection with a full handshake each time, as the vendor's agent makes it. */
  readonly dial: () => TLSSocket
}

/** @param server `host:port` */
export const openEndpoint = (server: string, ca: string | undefined): Endpoint => {
  const { hostname, port, host } = new URL(`https://${server}`)
  const secureContext: SecureContext = createSecureContext(ca === undefined ? {} : { ca })
  const name = hostname.replace(/^\[(.*)\]$/, '$1')
  const isLoopback = name.startsWith('127.') && isIP(name) === 4
  const readOnce = readCertificateOnce()
  let dialled = 0
  return {
    host,
    dial: () => {
      const socket = connectTls({
        host: name,
        port: port === '' ? 443 : Number(port),
        secureContext,
        ...(isIP(name) === 0 ? { servername: name } : {}),
        // One address has 28,000 ports, and the ones of closed connections rest for a minute; loopback has many.
        ...(isLoopback ? { localAddress: `127.0.${1 + (dialled % 100)}.${1 + (dialled++ % 250)}` } : {}),
      })
      readOnce(socket)
      return socket
    },
  }
}

/**
 * For sockets that meet the same certificate again and again. The runtime takes it apart in every handshake, to check its
 * names, which costs more than the handshake itself; here it does so again only when the certificate is another one.
 */
export const readCertificateOnce = (): ((socket: TLSSocket) => void) => {
  let fingerprint: string | undefined
  // The check of names looks at nothing that only the detailed form has.
  let certificate = {} as DetailedPeerCertificate
  return (socket) => {
    socket.getPeerCertificate = (): DetailedPeerCertificate => {
      const met = socket.getPeerX509Certificate()
      if (met === undefined) return {} as DetailedPeerCertificate
      if (met.fingerprint256 !== fingerprint) {
        certificate = met.toLegacyObject() as DetailedPeerCertificate
        fingerprint = met.fingerprint256
      }
      return certificate
    }
  }
}
