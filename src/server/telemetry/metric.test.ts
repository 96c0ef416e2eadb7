import { describe, expect, it } from 'vitest'
import { Counter, Gauge, Histogram } from './metric.js'
import { createMetrics } from './metrics.js'

const told = (metric: { samples(): Iterable<{ name: string; labels: object; value: number }> }) =>
  [...metric.samples()].map(({ name, labels, value }) => `${name}${JSON.stringify(labels)} ${value}`)

describe('counting', () => {
  it('adds by labels', () => {
    const counter = new Counter('a_total', 'A.', ['action', 'code'])
    counter.add(['X', 'OK'])
    counter.add(['X', 'OK'], 2)
    counter.add(['Y', 'OK'])
    expect(told(counter)).toEqual(['a_total{"action":"X","code":"OK"} 3', 'a_total{"action":"Y","code":"OK"} 1'])
  })

  it('begins at zero where there are no labels', () => {
    expect(told(new Counter('a_total', 'A.'))).toEqual(['a_total{} 0'])
  })

  it('keeps a bounded number of series, and loses no count', () => {
    const counter = new Counter('a_total', 'A.', ['code'])
    for (let index = 0; index < 20_000; index += 1) counter.add([`code ${index}`])
    const samples = [...counter.samples()]
    expect(samples.length).toBeLessThan(6_000)
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(20_000)
    expect(samples.at(-1)?.labels).toEqual({ code: 'other' })
  })
})

it('a histogram counts what is at most its bound, cumulated, with sum and count', () => {
  const histogram = new Histogram('a_seconds', 'A.', [0.1, 1], ['action'])
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value, ['X'])
  expect(told(histogram)).toEqual([
    'a_seconds_bucket{"action":"X","le":"0.1"} 2',
    'a_seconds_bucket{"action":"X","le":"1"} 3',
    'a_seconds_bucket{"action":"X","le":"+Inf"} 4',
    'a_seconds_sum{"action":"X"} 7.65',
    'a_seconds_count{"action":"X"} 4',
  ])
})

it('a gauge is read when asked, and left out while there is nothing to tell', () => {
  let value: number | undefined
  const gauge = new Gauge('a', 'A.', () => value)
  expect(told(gauge)).toEqual([])
  value = 7
  expect(told(gauge)).toEqual(['a{} 7'])
})

it('everything is exposed in the text format, whatever a label holds', async () => {
  using metrics = createMetrics()
  metrics.watch({ connectedAgents: () => 3, unreachableAgents: () => 1, certificateExpiresAt: () => 5_000 })
  metrics.apiCalls.add(['DescribeRegions', 'Odd"\\\nCode'])
  metrics.apiCallSeconds.observe(0.002, ['DescribeRegions'])
  const { contentType, text } = await metrics.expose()
  expect(contentType).toContain('text/plain')
  expect(text).toContain('# TYPE openassist_api_calls_total counter\n')
  expect(text).toContain('openassist_api_calls_total{action="DescribeRegions",code="Odd\\"\\\\\\nCode"} 1\n')
  expect(text).toContain('openassist_api_call_seconds_bucket{action="DescribeRegions",le="0.0025"} 1\n')
  expect(text).toContain('openassist_agents_connected 3\n')
  expect(text).toContain('openassist_agents_unreachable 1\n')
  expect(text).toContain('openassist_certificate_expires_timestamp_seconds 5\n')
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  for (const line of text.split('\n')) {
    expect(line).toMatch(/^(|# (HELP|TYPE) .*|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? ([\d.e+-]+|NaN))$/)
  }
})
