import { randomUUID } from 'node:crypto'
import { encodeParameters, signRequest } from '../../src/cli/sign-request.js'
import type { HttpClient } from './http-client.js'
import { ACCESS_KEY } from './server-child.js'

/** An answer other than 200. */
export class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(action: string, status: number, body: string) {
    const code = /"Code":"([^"]*)"/.exec(body)?.[1] ?? ''
    super(`${action}: ${status} ${code} ${body.slice(0, 500)}`)
    this.status = status
    this.code = code
  }
}

export type Parameters = Readonly<Record<string, string>>

/** Signed calls (V3, form body). */
export const callApi = async (
  http: HttpClient,
  host: string,
  action: string,
  parameters: Parameters,
): Promise<Readonly<Record<string, unknown>>> => {
  const body = encodeParameters(Object.entries({ RegionId: 'cn-hangzhou', ...parameters }))
  const contentType = 'application/x-www-form-urlencoded'
  const headers = signRequest(
    {
      method: 'POST',
      host,
      action,
      version: '2014-05-26',
      query: [],
      body,
      contentType,
      date: new Date(),
      nonce: randomUUID(),
    },
    ACCESS_KEY,
  )
  const answer = await http.ask({ method: 'POST', path: '/', headers: { ...headers }, body })
  const text = answer.body.toString('utf8')
  if (answer.status !== 200) throw new Refused(action, answer.status, text)
  return JSON.parse(text) as Readonly<Record<string, unknown>>
}
