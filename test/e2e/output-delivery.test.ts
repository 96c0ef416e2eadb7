import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3_KEY, type S3Server, startS3Server } from '../../src/server/outputs/_s3-server.js'
import { eventually, type Started, Workplace } from './_cli-support.js'

// Outputs that are delivered to a directory and to a store that speaks S3: server, agent and command line are processes.

interface Result {
  readonly status: string
  readonly delivery?: { readonly status: string; readonly uri: string; readonly errorCode: string }
}

let place: Workplace
let s3: S3Server
let server: Started
let instanceId: string

const storesFile = (): string => join(place.folder, 'stores.json')
const serve = (): Promise<Started> => place.serve('--output-stores', storesFile())

const kill = async (): Promise<void> => {
  const ended = new Promise((resolve) => server.child.once('exit', resolve))
  server.child.kill('SIGKILL')
  await ended
  rmSync(join(place.folder, 'data', 'server.json'))
}

const run = async (to: string, script: string): Promise<string> => {
  const { code, out, err } = await place.run(['run', '-i', instanceId, '--output-to', to, '-o', 'json', '--', script])
  if (code !== 0) throw new Error(err)
  return (JSON.parse(out) as { invocations: { invokeId: string }[] }).invocations[0]?.invokeId ?? ''
}

const resultOf = async (invokeId: string): Promise<Result> => {
  const { out, err } = await place.run(['results', invokeId, '-o', 'json'])
  const [result] = (JSON.parse(out) as { results: Result[] }).results
  if (result === undefined) throw new Error(err)
  return result
}

const delivered = (invokeId: string, status = 'Finished'): Promise<Result> =>
  eventually(`${invokeId} ${status}`, async () => {
    const result = await resultOf(invokeId)
    return result.delivery?.status === status ? result : undefined
  })

beforeAll(async () => {
  place = new Workplace()
  s3 = await startS3Server()
  mkdirSync(join(place.folder, 'outputs'))
  const { accessKeyId, secretAccessKey: accessKeySecret } = S3_KEY
  const stores = {
    'oss://here': { directory: 'outputs' },
    'oss://there/audit': { endpoint: s3.endpoint, bucket: 'outputs', prefix: 'of-ours', accessKeyId, accessKeySecret },
    'oss://closed': { endpoint: s3.endpoint, bucket: 'other', accessKeyId, accessKeySecret },
  }
  writeFileSync(storesFile(), JSON.stringify(stores), { mode: 0o600 })
  server = await serve()
  instanceId = (await place.enrol('agent')).instanceId
})
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  await s3[Symbol.asyncDispose]()
})

describe('openassist run --output-to', () => {
  it('delivers to a directory, and says where', async () => {
    const invokeId = await run('oss://here/a b', 'echo out; echo err >&2; head -c 20000 /dev/zero | tr "\\0" x')
    const { delivery } = await delivered(invokeId)
    expect(delivery?.uri).toBe(`oss://here/a b/${invokeId}/${instanceId}/output.txt`)
    const file = join(place.folder, 'outputs', 'a b', invokeId, instanceId, 'output.txt')
    expect(readFileSync(file, 'utf8')).toBe(`out\nerr\n${'x'.repeat(20_000)}`)
    const { out } = await place.run(['results', invokeId])
    expect(out).toContain(`(output in oss://here/a b/${invokeId}/${instanceId}/output.txt)`)
  })

  it('delivers to a store that speaks S3', async () => {
    const invokeId = await run('oss://there/audit/x', 'echo out')
    await delivered(invokeId)
    expect([...s3.objects]).toEqual([[`127.0.0.1 /outputs/of-ours/x/${invokeId}/${instanceId}/output.txt`, 'out\n']])
  })

  it('says what a store said that does not take it', async () => {
    expect((await delivered(await run('oss://closed/', 'echo out'), 'Failed')).delivery).toMatchObject({
      uri: '',
      errorCode: 'NoSuchBucket',
    })
  })

  it('is refused for a place that is not configured', async () => {
    const { code, err } = await place.run(['run', '-i', instanceId, '--output-to', 'oss://there/else', '--', 'true'])
    expect([code, err]).toEqual([1, expect.stringContaining('No store is configured')])
  })
})

describe('a server that is killed', () => {
  it('while it puts an output somewhere puts the same there after its start', async () => {
    let reached = (): void => undefined
    const putting = new Promise<void>((resolve) => {
      reached = resolve
    })
    s3.answer = () => reached()
    const invokeId = await run('oss://there/audit/killed', 'echo kept')
    await putting
    expect(await resultOf(invokeId)).toMatchObject({ status: 'Success', delivery: { status: 'InProgress' } })
    await kill()
    s3.answer = undefined
    server = await serve()
    await delivered(invokeId)
    const names = [...s3.objects].filter(([name]) => name.includes('/killed/'))
    expect(names).toEqual([[`127.0.0.1 /outputs/of-ours/killed/${invokeId}/${instanceId}/output.txt`, 'kept\n']])
  })

  it('before it could delivers after its start', async () => {
    // The agent dials where the server was: a new one finds this.
    ;({ instanceId } = await place.enrol('agent-2'))
    rmSync(join(place.folder, 'outputs'), { recursive: true })
    const invokeId = await run('oss://here/later', 'echo kept')
    await eventually('a try', async () => ((await resultOf(invokeId)).delivery?.errorCode === '' ? undefined : true))
    await kill()
    mkdirSync(join(place.folder, 'outputs'))
    server = await serve()
    await delivered(invokeId)
    const folder = join(place.folder, 'outputs', 'later', invokeId, instanceId)
    expect(readdirSync(folder)).toEqual(['output.txt'])
    expect(readFileSync(join(folder, 'output.txt'), 'utf8')).toBe('kept\n')
  })
})
