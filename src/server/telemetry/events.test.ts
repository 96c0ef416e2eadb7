import { expect, it } from 'vitest'
import type { CallEvent } from '../api/call-event.js'
import { tellEvents } from './events.js'
import { openLogs } from './log.js'
import { createMetrics } from './metrics.js'

const open = () => {
  const lines: string[] = []
  const metrics = createMetrics()
  const logs = openLogs({ level: 'debug', human: false, write: (line) => lines.push(line) })
  return {
    events: tellEvents(logs, metrics),
    last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>,
    exposed: async () => (await metrics.expose()).text,
    [Symbol.dispose]: () => metrics[Symbol.dispose](),
  }
}

const call: CallEvent = {
  requestId: '06DD587E-599A-55C6-83BB-EC5000000000',
  action: 'RunCommand',
  status: 200,
  code: '',
  scheme: 'v3',
  format: 'json',
  accountId: '1000000000000001',
  accessKeyId: 'LTAI1',
  sourceAddress: '192.0.2.1',
  durationMs: 12,
  bytesIn: 1,
  bytesOut: 2,
  unknownParameters: 0,
  repeated: false,
  failure: undefined,
}

it('a call is one line with its request id, and one count by action and code', async () => {
  using test = open()
  test.events.call(call)
  expect(test.last()).toMatchObject({ room: 'api', requestId: call.requestId, action: 'RunCommand', status: 200 })
  test.events.call({ ...call, action: '', status: 404, code: 'InvalidAction.NotFound' })
  const text = await test.exposed()
  expect(text).toContain('openassist_api_calls_total{action="RunCommand",code="OK"} 1\n')
  expect(text).toContain('openassist_api_calls_total{action="unknown",code="InvalidAction.NotFound"} 1\n')
  expect(text).toContain('openassist_api_call_seconds_bucket{action="RunCommand",le="0.025"} 1\n')
})

it('a call that failed is an error, with what the caller is not told', () => {
  using test = open()
  test.events.call({ ...call, status: 500, code: 'InternalError', failure: new Error('disk full') })
  expect(test.last()).toMatchObject({ level: 50, requestId: call.requestId, error: { message: 'disk full' } })
})

it('what happens at the doors, in the store and with certificates is counted, each by few labels', async () => {
  using test = open()
  const { events } = test
  events.gateway({ kind: 'registered', instanceId: 'mi-1', address: undefined })
  events.gateway({ kind: 'registration-refused', refusal: 'activation-expired', address: '192.0.2.1' })
  events.gateway({ kind: 'admission-refused', refusal: 'stale', claimedInstanceId: 'mi-2', address: undefined })
  events.gateway({ kind: 'connected', instanceId: 'mi-1' })
  events.gateway({ kind: 'disconnected', instanceId: 'mi-1', reason: 'whatever a peer says' })
  events.gateway({ kind: 'malformed', path: '/luban/x', reason: 'whatever', instanceId: undefined })
  events.commit({ size: 7, milliseconds: 3 })
  events.taskEnded('Success')
  events.removed({ task: 200, output: 0 })
  events.failure('expire', new Error('gone'))
  events.front.requestRefused('host')
  events.front.connectionFailed('tls', 'ERR_SSL_WRONG_VERSION_NUMBER')
  events.front.connectionDropped('plain')
  events.front.doorFailed('/luban/x', new Error('a bug'))
  events.certificates.certificateNotRenewed(new Error('no space'))
  const text = await test.exposed()
  for (const line of [
    'openassist_agent_registrations_total{outcome="registered"} 1',
    'openassist_agent_registrations_total{outcome="activation-expired"} 1',
    'openassist_agent_requests_refused_total{reason="stale"} 1',
    'openassist_agent_connects_total 1',
    'openassist_agent_disconnects_total 1',
    'openassist_agent_events_total{kind="malformed"} 1',
    'openassist_commit_pieces_bucket{le="10"} 1',
    'openassist_tasks_ended_total{state="Success"} 1',
    'openassist_records_removed_total{kind="task"} 200',
    'openassist_failures_total{at="expire"} 1',
    'openassist_failures_total{at="door"} 1',
    'openassist_failures_total{at="certificate"} 1',
    'openassist_requests_refused_total{reason="host"} 1',
    'openassist_connections_failed_total{listener="tls"} 1',
    'openassist_connections_dropped_total{listener="plain"} 1',
  ]) {
    expect(text).toContain(`${line}\n`)
  }
  expect(text).not.toContain('whatever')
  expect(text).not.toContain('mi-1')
})
