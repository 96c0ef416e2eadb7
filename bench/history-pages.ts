// Pages of results and of invocations with years of them in the store, against the same with few: by one connection, one call
// at a time, the two servers taking turns. Invocations have 100 tasks each, as many as the vendor allows.
import { fullDirectory } from './data/full.js'
import { someTask } from './data/seed.js'
import { signedGet } from './load/signed-calls.js'
import { Wire } from './load/wire.js'
import type { Measured } from './measure/process.js'
import { median } from './measure/statistics.js'
import { isQuick, tell } from './measure/verdict.js'
import { ourServer } from './server/our-server.js'

const HOSTS = 10_000
const PER_INVOCATION = 100
const FEW = 10_000
const many = isQuick() ? 1_000_000 : 10_000_000
const CALLS = isQuick() ? 200 : 1_000
/** All is kept, however old and many. */
const SETTINGS = { OPENASSIST_RETENTION_DAYS: '36500', OPENASSIST_RETENTION_RECORDS: '100000000' }

interface Store {
  readonly tasks: number
  readonly server: Measured<{ readonly plain: number }>
  readonly wire: Wire
}

const open = async (tasks: number, directory: string): Promise<Store> => {
  const server = ourServer(directory, SETTINGS)
  const { plain } = await server.ready
  return { tasks, server, wire: await Wire.open({ port: plain }) }
}

const ask = async ({ wire }: Store, action: string, parameters: Readonly<Record<string, string>>): Promise<string> => {
  const { status, body } = await wire.request(signedGet(action, parameters))
  const text = body.toString('utf8')
  if (status !== 200) throw new Error(`status ${status}: ${text.slice(0, 500)}`)
  return text
}

/** Tokens of pages, each of the one before: a walk through the list from its beginning. */
const walk = (action: string, size: number) => {
  const tokens = new Map<Store, string>()
  return async (store: Store): Promise<string> => {
    const token = tokens.get(store) ?? ''
    const text = await ask(store, action, { MaxResults: String(size), ...(token === '' ? {} : { NextToken: token }) })
    tokens.set(store, /"NextToken":"([^"]*)"/.exec(text)?.[1] ?? '')
    return text
  }
}

const RESULTS = 'DescribeInvocationResults'
const INVOCATIONS = 'DescribeInvocations'

const CASES: readonly (readonly [what: string, page: (store: Store) => Promise<string>])[] = [
  ['results, the newest 50', (store) => ask(store, RESULTS, { PageSize: '50' })],
  ['results, 50 by token, on and on', walk(RESULTS, 50)],
  [
    'results of one invocation, 50',
    (store) => ask(store, RESULTS, { PageSize: '50', InvokeId: someTask(HOSTS, store.tasks, PER_INVOCATION).invokeId }),
  ],
  ['invocations, the newest 10 with their hosts', (store) => ask(store, INVOCATIONS, { PageSize: '10' })],
  ['invocations, 10 by token, on and on', walk(INVOCATIONS, 10)],
]

// A server closes a connection on which nothing comes: both are filled before one is opened.
const fewDirectory = await fullDirectory(HOSTS, FEW, PER_INVOCATION)
const fullOnes = await fullDirectory(HOSTS, many, PER_INVOCATION)
const few = await open(FEW, fewDirectory)
const full = await open(many, fullOnes)
for (const [what, page] of CASES) {
  const times = new Map<Store, number[]>([
    [few, []],
    [full, []],
  ])
  await full.server.ask('watchLoop')
  for (let call = -20; call < CALLS; call++) {
    for (const [store, taken] of times) {
      const begun = performance.now()
      const text = await page(store)
      if (call >= 0) taken.push(performance.now() - begun)
      if (text.length < 5_000) throw new Error(`an answer is too short for a page: ${text.slice(0, 500)}`)
    }
  }
  const block = await full.server.ask<number>('longestBlock')
  const [small = 0, large = 0] = [...times.values()].map(median)
  tell({
    what: `${what}: among ${many.toLocaleString('en')} tasks against among ${FEW.toLocaleString('en')}, p50`,
    value: large / small,
    unit: '×',
    must: 1.3,
    aim: 1.1,
    direction: 'atMost',
    ours: `p50 ${large.toFixed(2)} ms; longest block ${block.toFixed(1)} ms`,
    floor: `p50 ${small.toFixed(2)} ms`,
  })
}
await Promise.all([few.server.end(), full.server.end()])
process.exit(0)
