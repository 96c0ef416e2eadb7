import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { canonicalAddress, hostPart, isLoopback } from './host-name.js'
import type { Refusal } from './refusal.js'

// A browser is not a caller (design D12): a V1 signature covers neither Host nor Origin, so with a known key any web
// page could run commands, by its own name for this address (DNS rebinding) or by a plain cross-site request.

export interface GuardSettings {
  /** Names and addresses by which clients reach this server, besides loopback and the listeners' own addresses. */
  readonly publicHosts: readonly string[]
  /** Web origins whose pages may call, such as `https://console.example.com`. */
  readonly allowedOrigins: readonly string[]
}

export interface Guard {
  /**
   * Judges the headers of one request.
   * @param socket whose local address is the one of this server that the request came in on
   * @returns why the request is refused, or undefined
   */
  judge(headers: IncomingHttpHeaders, socket: { readonly localAddress?: string | undefined }): GuardRefusal | undefined
  /** The origin of a page that may call, if the request names one. */
  allowedOrigin(headers: IncomingHttpHeaders): string | undefined
}

export interface GuardRefusal extends Refusal {
  readonly reason: 'host' | 'origin'
}

export const createGuard = (settings: GuardSettings): Guard => {
  const hosts = new Set(['localhost'])
  for (const host of settings.publicHosts) {
    const part = hostPart(host.includes(':') && !host.startsWith('[') && isBareIpv6(host) ? `[${host}]` : host)
    if (part !== undefined) hosts.add(part)
  }
  const origins = new Set(settings.allowedOrigins)

  const isServed = (host: string, socket: { readonly localAddress?: string | undefined }): boolean => {
    if (hosts.has(host) || isLoopback(host)) return true
    const own = isIP(host) === 0 ? undefined : socket.localAddress
    return own !== undefined && canonicalAddress(own) === host
  }

  const allowedOrigin = (headers: IncomingHttpHeaders): string | undefined =>
    headers.origin !== undefined && origins.has(headers.origin) ? headers.origin : undefined

  return {
    allowedOrigin,
    judge(headers, socket) {
      const host = headers.host === undefined ? undefined : hostPart(headers.host)
      if (host === undefined) return { ...FORBIDDEN_HOST, message: 'The request names no valid host.' }
      if (!isServed(host, socket)) {
        return {
          ...FORBIDDEN_HOST,
          message: `This server does not answer to the host name "${host}". If it should, add it with --public-host.`,
        }
      }
      const site = headers['sec-fetch-site']
      const fromPage = headers.origin !== undefined || (site !== undefined && site !== 'same-origin' && site !== 'none')
      return fromPage && allowedOrigin(headers) === undefined ? FORBIDDEN_ORIGIN : undefined
    },
  }
}

const isBareIpv6 = (text: string): boolean => text.split(':').length > 2

const FORBIDDEN_HOST = { reason: 'host', status: 403, code: 'Forbidden.Host' } as const

const FORBIDDEN_ORIGIN: GuardRefusal = {
  reason: 'origin',
  status: 403,
  code: 'Forbidden.Origin',
  message: 'This server does not answer requests that a web page makes.',
}
