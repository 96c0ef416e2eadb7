import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, type Metric, type Sample } from './metric.js'

/** Values that live elsewhere, read when metrics are asked for. */
export interface Watched {
  /** Hosts with a notify socket on this node. */
  readonly connectedAgents: () => number
  /** Hosts that were heard in the last 120 s and have no notify socket: they cannot receive work promptly. */
  readonly unreachableAgents: () => number
  /** End of the TLS certificate, in milliseconds since 1970. */
  readonly certificateExpiresAt: () => number | undefined
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const PIECES = [1, 2, 5, 10, 20, 50, 100, 200, 500]

/** Everything that is counted. Names end in their unit, as Prometheus wants them. */
export interface Metrics extends Disposable {
  readonly apiCalls: Counter
  readonly apiCallSeconds: Histogram
  readonly registrations: Counter
  readonly admissionsRefused: Counter
  readonly connects: Counter
  readonly disconnects: Counter
  readonly gatewayEvents: Counter
  readonly tasksEnded: Counter
  readonly recordsRemoved: Counter
  readonly outputsDelivered: Counter
  readonly commitPieces: Histogram
  readonly commitSeconds: Histogram
  readonly requestsRefused: Counter
  readonly connectionsFailed: Counter
  readonly connectionsDropped: Counter
  readonly failures: Counter
  /** Adds what is read elsewhere. Call it once, when the parts are there. */
  watch(watched: Watched): void
  /** The state of everything, in Prometheus' text format. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>
}

export const createMetrics = (): Metrics => {
  const all: Metric[] = []
  const counter = (name: string, help: string, labels?: readonly string[]): Counter =>
    added(new Counter(name, help, labels))
  const histogram = (name: string, help: string, bounds: readonly number[], labels?: readonly string[]): Histogram =>
    added(new Histogram(name, help, bounds, labels))
  const added = <M extends Metric>(metric: M): M => {
    all.push(metric)
    return metric
  }

  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  all.push(eventLoopDelay(delay), ...processMetrics())

  return {
    apiCalls: counter('openassist_api_calls_total', 'API calls by action and error code; OK is success.', [
      'action',
      'code',
    ]),
    apiCallSeconds: histogram('openassist_api_call_seconds', 'Time that API calls took.', SECONDS, ['action']),
    registrations: counter('openassist_agent_registrations_total', 'Registrations of hosts by outcome.', ['outcome']),
    admissionsRefused: counter('openassist_agent_requests_refused_total', 'Requests of hosts that were not admitted.', [
      'reason',
    ]),
    connects: counter('openassist_agent_connects_total', 'Notify sockets that were opened.'),
    disconnects: counter('openassist_agent_disconnects_total', 'Notify sockets that ended.'),
    gatewayEvents: counter('openassist_agent_events_total', 'Other events at the agents’ door.', ['kind']),
    tasksEnded: counter('openassist_tasks_ended_total', 'Tasks that ended, by state.', ['state']),
    recordsRemoved: counter('openassist_records_removed_total', 'Rows that retention removed, by kind.', ['kind']),
    outputsDelivered: counter('openassist_outputs_delivered_total', 'Deliveries of outputs that ended, by state.', [
      'state',
    ]),
    commitPieces: histogram('openassist_commit_pieces', 'Pieces of work that shared one commit.', PIECES),
    commitSeconds: histogram('openassist_commit_seconds', 'Time that commits took, fsync included.', SECONDS),
    requestsRefused: counter('openassist_requests_refused_total', 'Requests that no door saw.', ['reason']),
    connectionsFailed: counter('openassist_connections_failed_total', 'Connections that broke before a request.', [
      'listener',
    ]),
    connectionsDropped: counter('openassist_connections_dropped_total', 'Connections over the cap.', ['listener']),
    failures: counter('openassist_failures_total', 'Things of the server’s own that failed.', ['at']),
    watch(watched) {
      all.push(
        new Gauge('openassist_agents_connected', 'Hosts with a notify socket on this node.', watched.connectedAgents),
        new Gauge(
          'openassist_agents_unreachable',
          'Hosts that beat and cannot be reached: no notify socket.',
          watched.unreachableAgents,
        ),
        new Gauge('openassist_certificate_expires_timestamp_seconds', 'End of the TLS certificate.', () => {
          const at = watched.certificateExpiresAt()
          return at === undefined ? undefined : at / 1_000
        }),
      )
    },
    expose: () => expose(all),
    [Symbol.dispose]: () => void delay.disable(),
  }
}

/**
 * The delay since somebody last asked: percentiles of a lifetime would hide today's. Prometheus keeps the label
 * `quantile` for summaries, which have a sum and a count over a lifetime.
 */
const eventLoopDelay = (delay: ReturnType<typeof monitorEventLoopDelay>): Metric => {
  const name = 'openassist_event_loop_delay_seconds'
  return {
    name,
    help: 'How late the event loop was since the last time this was read.',
    type: 'gauge',
    *samples(): Iterable<Sample> {
      if (delay.count === 0) return
      // The monitor measures its own period, which is no delay.
      const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - 0.02)
      yield { name, labels: { percentile: '50' }, value: late(delay.percentile(50)) }
      yield { name, labels: { percentile: '99' }, value: late(delay.percentile(99)) }
      yield { name, labels: { percentile: '100' }, value: late(delay.max) }
      delay.reset()
    },
  }
}

const processMetrics = (): Metric[] => {
  const startedAt = Date.now() / 1_000 - process.uptime()
  return [
    new Gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
    new Gauge('nodejs_heap_size_used_bytes', 'Used heap.', () => process.memoryUsage().heapUsed),
    new Gauge('process_start_time_seconds', 'When the process started.', () => startedAt),
    new Gauge(
      'process_cpu_seconds_total',
      'CPU time, user and system.',
      () => {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      },
      'counter',
    ),
  ]
}

/** The library is loaded when somebody asks: it takes 10 MB. */
const expose = async (all: readonly Metric[]): Promise<{ contentType: string; text: string }> => {
  const { Registry } = await import('prom-client')
  const registry = new Registry()
  for (const metric of all) registry.registerMetric(exposable(metric) as never)
  return { contentType: registry.contentType, text: await registry.metrics() }
}

/** What the library's registry reads of a metric. */
const exposable = (metric: Metric) => ({
  name: metric.name,
  get: () =>
    Promise.resolve({
      name: metric.name,
      help: metric.help,
      type: metric.type,
      aggregator: 'sum',
      values: [...metric.samples()].map(({ name, labels, value }) => ({ metricName: name, labels, value })),
    }),
})
