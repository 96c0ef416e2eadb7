import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { holdUntilCertificate } from './held-connections.js'
import * as limits from './limits.js'

/** What a TLS listener shows. */
export interface KeyAndCertificate {
  /** The leaf, then what is between it and the root, if anything. */
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface BoundAddress {
  readonly host: string
  readonly port: number
}

const COMMON: ServerOptions = {
  maxHeaderSize: limits.MAX_HEADER_BYTES,
  headersTimeout: limits.HEADERS_TIMEOUT_MS,
  requestTimeout: limits.REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: limits.TIMEOUT_CHECK_MS,
  keepAliveTimeout: limits.KEEP_ALIVE_MS,
  // The guard answers this one, in the shape that clients read.
  requireHostHeader: false,
  noDelay: true,
}

export const createPlainServer = (): Server => withLimits(createServer(COMMON))

/** @param tls when it comes later, connections wait for it */
export const createTlsServer = (tls: KeyAndCertificate | Promise<KeyAndCertificate> | undefined): SecureServer => {
  const server = createSecureServer({
    ...COMMON,
    ...(tls === undefined || tls instanceof Promise ? {} : { cert: tls.certificatePem, key: tls.privateKeyPem }),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    handshakeTimeout: limits.HANDSHAKE_TIMEOUT_MS,
  })
  if (tls instanceof Promise) holdUntilCertificate(server, tls)
  return withLimits(server)
}

const withLimits = <S extends Server>(server: S): S => {
  server.maxHeadersCount = limits.MAX_HEADERS
  server.timeout = limits.STALLED_MS
  return server
}

/**
 * Binds a server.
 * @param flag the option that the operator changes when the address cannot be bound
 */
export const listenOn = async (
  server: Server,
  address: { readonly host: string; readonly port: number },
  flag: string,
): Promise<BoundAddress> => {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new Error(whyNotBound(error, address, flag), { cause: error }))
    server.once('error', fail)
    server.listen({ host: address.host, port: address.port, backlog: limits.LISTEN_BACKLOG }, () => {
      server.removeListener('error', fail)
      resolve()
    })
  })
  const bound = server.address() as AddressInfo
  return { host: bound.address, port: bound.port }
}

const whyNotBound = (
  error: NodeJS.ErrnoException,
  address: { readonly host: string; readonly port: number },
  flag: string,
): string => {
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return `Cannot listen on ${where}: another program does. Choose another address with ${flag}.`
    case 'EACCES':
      return `Cannot listen on ${where}: not permitted (ports below 1024 need a privilege). Choose another with ${flag}.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Cannot listen on ${where}: this machine has no such address. Choose another with ${flag}.`
    default:
      return `Cannot listen on ${where}: ${error.message}`
  }
}
