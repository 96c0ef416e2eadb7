// Every recorded request through the whole door, at the time when it was recorded.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createToyAccess, KEY, send, startToyServer } from './_support.js'
import { parseTimestamp } from './signature/timestamp.js'

interface Vector {
  readonly name: string
  readonly kind: string
  readonly scheme: string
  readonly accessKeyId: string | null
  readonly accessKeySecret: string | null
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly securityToken?: string
  readonly expectedErrorCode?: string
}

const { vectors } = JSON.parse(readFileSync(new URL('./signature/vectors.json', import.meta.url), 'utf8')) as {
  vectors: Vector[]
}

/** What node:http writes by itself. */
const OWN = new Set(['connection', 'transfer-encoding', 'content-length'])

const timeOf = ({ url, headers, body }: Vector): number => {
  const text =
    headers['x-acs-date'] ?? new URLSearchParams(`${url.slice(url.indexOf('?') + 1)}&${body}`).get('Timestamp')
  return parseTimestamp(text ?? '') ?? Number.NaN
}

const REFUSED: Readonly<Record<string, string>> = {
  'ACS3-RSA-SHA256': 'InvalidSignatureMethod',
  BEARERTOKEN: 'InvalidSignatureMethod',
  ANONYMOUS: 'MissingAccessKeyId',
}

describe('recorded requests', () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
    const access = createToyAccess()
    const temporary = vector.securityToken !== undefined
    const key = { ...KEY, accessKeyId: vector.accessKeyId ?? '', secret: vector.accessKeySecret ?? '' }
    const find = (id: string) => Promise.resolve(id === key.accessKeyId && !temporary ? key : undefined)
    await using server = await startToyServer({
      access: { ...access, accessKeys: { find } },
      clock: { now: () => timeOf(vector) },
    })
    const headers = Object.fromEntries(Object.entries(vector.headers).filter(([name]) => !OWN.has(name)))
    const { method, url: path, body } = vector
    const answer = await send(server.port, { method, path, headers, body })
    const code = /"?Code"?[>:]"?([A-Za-z.]+)/.exec(answer.body)?.[1] ?? 'none'

    if (vector.expectedErrorCode !== undefined) expect(code).toBe(vector.expectedErrorCode)
    else if (vector.scheme in REFUSED) expect(code).toBe(REFUSED[vector.scheme])
    else if (temporary) expect(code).toBe('InvalidSecurityToken.Malformed')
    else {
      // Only a request whose signature and nonce were good is told with its key.
      expect(server.events[0]).toMatchObject({ accessKeyId: vector.accessKeyId })
    }
  })
})
