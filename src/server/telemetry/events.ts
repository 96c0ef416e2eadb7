import type { CallEvent } from '../api/call-event.js'
import type { GatewayEvent } from '../gateway/gateway-event.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'
import type { Events } from './telemetry.js'

/** Log line and counter of each business event, together. Never a script, an output or a parameter. */
export const tellEvents = (logOf: (room: string) => Log, metrics: Metrics): Events => {
  const api = logOf('api')
  const gateway = logOf('gateway')
  const server = logOf('server')
  const front = logOf('front')
  const tls = logOf('tls')
  return {
    call: (event) => tellCall(api, metrics, event),
    gateway: (event) => tellGateway(gateway, metrics, event),
    commit({ size, milliseconds }) {
      metrics.commitPieces.observe(size)
      metrics.commitSeconds.observe(milliseconds / 1_000)
    },
    taskEnded: (state) => metrics.tasksEnded.add([state]),
    removed(amounts) {
      for (const [kind, amount] of Object.entries(amounts)) if (amount > 0) metrics.recordsRemoved.add([kind], amount)
    },
    delivered: (state) => metrics.outputsDelivered.add([state]),
    failure(at, cause) {
      metrics.failures.add([at])
      server.error('failed in the background', { at, error: cause })
    },
    front: {
      requestRefused: (reason) => metrics.requestsRefused.add([reason]),
      connectionFailed(listener, code) {
        metrics.connectionsFailed.add([listener])
        front.debug('a connection broke before a request', { listener, code })
      },
      connectionDropped(listener) {
        metrics.connectionsDropped.add([listener])
        front.warn('the cap on open connections is reached', { listener })
      },
      doorFailed(path, error) {
        metrics.failures.add(['door'])
        front.error('a door threw', { path, error })
      },
    },
    certificates: {
      certificateRenewed: (expiresAt) =>
        tls.info('the certificate was renewed', { expiresAt: new Date(expiresAt).toISOString() }),
      certificateNotRenewed(error) {
        metrics.failures.add(['certificate'])
        tls.error('the certificate was not renewed; the current one stays', { error })
      },
    },
  }
}

const tellCall = (log: Log, metrics: Metrics, event: CallEvent): void => {
  const action = event.action === '' ? 'unknown' : event.action
  metrics.apiCalls.add([action, event.code === '' ? 'OK' : event.code])
  metrics.apiCallSeconds.observe(event.durationMs / 1_000, [action])
  if (event.failure === undefined) {
    // Taking an event apart costs a microsecond, for a line that is rarely wanted.
    if (log.tellsDebug()) log.debug('a call was answered', fieldsOf(event))
  } else log.error('a call failed', fieldsOf(event))
}

const fieldsOf = (event: CallEvent) => {
  const { failure, ...fields } = event
  return failure === undefined ? fields : { ...fields, error: failure }
}

const tellGateway = (log: Log, metrics: Metrics, event: GatewayEvent): void => {
  const { kind, ...fields } = event
  switch (event.kind) {
    case 'registered':
      metrics.registrations.add(['registered'])
      log.info('a host registered', fields)
      break
    case 'registration-refused':
      metrics.registrations.add([event.refusal])
      log.warn('a registration was refused', fields)
      break
    case 'admission-refused':
      metrics.admissionsRefused.add([event.refusal])
      log.debug('a request of a host was refused', fields)
      break
    case 'connected':
      metrics.connects.add()
      log.debug('a host connected', fields)
      break
    case 'disconnected':
      metrics.disconnects.add()
      log.debug('a host disconnected', fields)
      break
    case 'failed':
      metrics.failures.add([`gateway/${event.at}`])
      log.error('the agents’ door failed', fields)
      break
    case 'deregistered':
      metrics.gatewayEvents.add([kind])
      log.info('a host deregistered', fields)
      break
    default:
      metrics.gatewayEvents.add([kind])
      log.debug(kind, fields)
  }
}
