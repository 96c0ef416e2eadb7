import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Workplace } from './_cli-support.js'

// What one sees of a running server without a key: health, metrics, and refusals.

const place = new Workplace()
let endpoint = ''

beforeAll(async () => {
  const emulator = place.openassist(['dev', '--listen', '127.0.0.1:0', '-o', 'json'])
  const [line] = await emulator.said(/^\{.*\}$/m)
  endpoint = (JSON.parse(line) as { endpoint: string }).endpoint
})
afterAll(async () => place[Symbol.asyncDispose]())

/** `fetch` sets Host and Origin itself. */
const ask = (path: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request(new URL(path, endpoint), { headers: { connection: 'close', ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.once('error', reject)
    asked.end()
  })

describe('a running server', () => {
  it('is alive and ready', async () => {
    expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok\n' })
    expect(await ask('/readyz')).toEqual({ status: 200, text: 'ok\n' })
  })

  it('counts agents, calls, tasks by their end, and commits', async () => {
    const env = {
      OPENASSIST_ENDPOINT: endpoint,
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'openassist-dev',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'openassist-dev-secret',
      ALIBABA_CLOUD_REGION_ID: 'cn-hangzhou',
    }
    const { code } = await place.openassist(['run', '--all', '--', 'exit 3'], { env }).ended
    expect(code).not.toBe(0)
    const { status, text } = await ask('/metrics')
    expect(status).toBe(200)
    expect(text).toContain('openassist_agents_connected 1\n')
    expect(text).toContain('openassist_agents_unreachable 0\n')
    expect(text).toContain('openassist_tasks_ended_total{state="Failed"} 1\n')
    expect(text).toContain('openassist_api_calls_total{action="RunCommand",code="OK"} 1\n')
    expect(text).toMatch(/openassist_api_call_seconds_count\{action="RunCommand"\} 1\n/)
    expect(text).toMatch(/openassist_commit_seconds_count [1-9]/)
    expect(text).toMatch(/openassist_certificate_expires_timestamp_seconds \d{10}/)
  })

  it('refuses other names and web pages on every door', async () => {
    for (const path of ['/', '/luban/api/connection_detect', '/healthz', '/metrics']) {
      expect(await ask(path, { host: 'evil.example' })).toMatchObject({ status: 403 })
      expect(await ask(path, { origin: 'https://evil.example' })).toMatchObject({ status: 403 })
      expect(await ask(path, { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403 })
    }
    expect((await ask('/?Format=JSON', { host: 'evil.example' })).text).toContain('"Code":"Forbidden.Host"')
  })
})
