import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Lets the pages of a configured origin read answers (design D12).
 * @returns true when the request was a preflight and is answered
 */
export const answerOwnOrigin = (request: IncomingMessage, response: ServerResponse, origin: string): boolean => {
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('access-control-expose-headers', 'x-acs-request-id')
  response.setHeader('vary', 'Origin')
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  const asked = request.headers['access-control-request-headers'] ?? ''
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST',
    ...(/^[A-Za-z0-9_, -]{1,4096}$/.test(asked) ? { 'access-control-allow-headers': asked } : {}),
    'access-control-max-age': '600',
  })
  response.end()
  return true
}
