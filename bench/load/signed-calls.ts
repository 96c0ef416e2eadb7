// Calls of the API, signed as the vendor's oldest and most common clients do (rpc.md §1.3).
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { ACCESS_KEY, REGION } from '../server/start.js'

const key: KeyObject = createSecretKey(Buffer.from(`${ACCESS_KEY.accessKeySecret}&`))
const run = Math.floor(Math.random() * 2 ** 40).toString(36)

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

let nonces = 0

/** The signed query of a call. */
export const signedQuery = (
  action: string,
  parameters: Readonly<Record<string, string>>,
  { format = 'JSON', method = 'GET' } = {},
): string => {
  const all: Record<string, string> = {
    AccessKeyId: ACCESS_KEY.accessKeyId,
    Action: action,
    Format: format,
    RegionId: REGION,
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: `${run}-${(nonces += 1)}`,
    SignatureVersion: '1.0',
    Timestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    Version: '2014-05-26',
    ...parameters,
  }
  const query = Object.keys(all)
    .sort()
    .map((name) => `${encode(name)}=${encode(all[name] ?? '')}`)
    .join('&')
  const signature = createHmac('sha1', key)
    .update(`${method}&%2F&${encode(query)}`)
    .digest('base64')
  return `${query}&Signature=${encode(signature)}`
}

/** A GET as it goes over the socket. */
export const signedGet = (action: string, parameters: Readonly<Record<string, string>>, format = 'JSON'): string =>
  `GET /?${signedQuery(action, parameters, { format })} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: identity\r\n\r\n`

/** A POST with the parameters in the body. */
export const signedPost = (action: string, parameters: Readonly<Record<string, string>>): string => {
  const body = signedQuery(action, parameters, { method: 'POST' })
  return (
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}
