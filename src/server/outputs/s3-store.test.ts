import { describe, expect, it } from 'vitest'
import { Secret } from '../telemetry/secret.js'
import { S3_KEY, type S3Server, startS3Server } from './_s3-server.js'
import { objectUrl, S3Store } from './s3-store.js'
import type { S3Settings } from './settings.js'

const never = new AbortController().signal

const settingsOf = ({ endpoint }: Pick<S3Server, 'endpoint'>, changes: Partial<S3Settings> = {}): S3Settings => ({
  kind: 's3',
  bucket: 'logs',
  prefix: [],
  endpoint,
  region: 'us-east-1',
  storeBucket: 'outputs',
  storePrefix: '',
  pathStyle: true,
  accessKeyId: S3_KEY.accessKeyId,
  accessKeySecret: new Secret(S3_KEY.secretAccessKey),
  ...changes,
})

const storeOf = (server: Pick<S3Server, 'endpoint'>, changes?: Partial<S3Settings>): S3Store =>
  new S3Store(settingsOf(server, changes))

describe('an object', () => {
  it('is there after one signed request, and the same one replaces it', async () => {
    await using server = await startS3Server()
    const store = storeOf(server)
    await store.put(['t-1', 'mi-1', 'output.txt'], Buffer.from('one'), never)
    await store.put(['t-1', 'mi-1', 'output.txt'], Buffer.from('two'), never)
    expect([...server.objects]).toEqual([['127.0.0.1 /outputs/t-1/mi-1/output.txt', 'two']])
    expect(server.requests).toBe(2)
  })

  it('may hold anything', async () => {
    await using server = await startS3Server()
    const texts = ['', '\u0000\u{1f600}', 'x'.repeat(1_000_000)]
    for (const [index, text] of texts.entries()) await storeOf(server).put([`${index}`], Buffer.from(text), never)
    expect([...server.objects.values()].map((text) => text.length)).toEqual(texts.map((text) => text.length))
  })

  it.each(['a b', 'a+b', 'a%2Fb', "it's(1)*!", 'ü', '日本', 'a=b&c', 'a?b#c', '~a', 'a:b@c', '..a', 'a;b,c'])(
    'may be called %s',
    async (name) => {
      await using server = await startS3Server()
      await storeOf(server).put([name, 'output.txt'], Buffer.from('text'), never)
      const [found = ''] = server.objects.keys()
      expect(decodeURIComponent(found.slice('127.0.0.1 '.length))).toBe(`/outputs/${name}/output.txt`)
    },
  )

  it('goes below a prefix of its store, and into a region that is asked for', async () => {
    await using server = await startS3Server('eu-north-1')
    await storeOf(server, { storePrefix: 'a/b/', region: 'eu-north-1' }).put(['x'], Buffer.from('text'), never)
    expect([...server.objects.keys()]).toEqual(['127.0.0.1 /outputs/a/b/x'])
  })

  it.each([
    [true, 'https://s3.example.com:9000/outputs/a/b%20c/x'],
    [false, 'https://outputs.s3.example.com:9000/a/b%20c/x'],
  ])('is named by the path of its bucket (%s) or by its host name', (pathStyle, url) => {
    const endpoint = 'https://s3.example.com:9000'
    expect(objectUrl(settingsOf({ endpoint }, { pathStyle, storePrefix: 'a' }), ['b c', 'x'])).toBe(url)
  })
})

describe('a store that does not take it', () => {
  it.each([
    ['another secret', { accessKeySecret: new Secret('wrong') }, 'SignatureDoesNotMatch'],
    ['another key', { accessKeyId: 'AKOTHER' }, 'InvalidAccessKeyId'],
    ['another region', { region: 'eu-1' }, 'AuthorizationHeaderMalformed'],
    ['another bucket', { storeBucket: 'other' }, 'NoSuchBucket'],
  ])('because of %s says why, for good', async (_, changes, code) => {
    await using server = await startS3Server()
    await expect(storeOf(server, changes).put(['x'], Buffer.from('text'), never)).rejects.toMatchObject({
      code,
      isTemporary: false,
    })
  })

  it.each([
    [503, '<Error><Code>SlowDown</Code></Error>', 'SlowDown', true],
    [500, 'not XML at all', 'Http500', true],
    [429, '', 'Http429', true],
    [400, '<Error><Code>RequestTimeout</Code></Error>', 'RequestTimeout', true],
    [403, '<Error><Code>AccessDenied</Code></Error>', 'AccessDenied', false],
    [403, '<Error><Code>&lt;script&gt;</Code></Error>', 'Http403', false],
    [301, '<Error><Code>PermanentRedirect</Code></Error>', 'PermanentRedirect', false],
    [403, `<Error>${' '.repeat(100_000)}<Code>Late</Code></Error>`, 'Http403', false],
  ])('answers %i', async (status, body, code, isTemporary) => {
    await using server = await startS3Server()
    server.answer = (request, response) => {
      request.resume()
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body)
    }
    const put = storeOf(server).put(['x'], Buffer.from('text'), never)
    await expect(put).rejects.toMatchObject({ code, isTemporary, message: `the store answered ${status}` })
  })

  it('since it is not there', async () => {
    const server = await startS3Server()
    await server[Symbol.asyncDispose]()
    const put = storeOf(server).put(['x'], Buffer.from('text'), never)
    await expect(put).rejects.toMatchObject({ code: 'ConnectionFailed', isTemporary: true })
  })

  it('since it hangs up', async () => {
    await using server = await startS3Server()
    server.answer = (request) => request.destroy()
    const put = storeOf(server).put(['x'], Buffer.from('text'), never)
    await expect(put).rejects.toMatchObject({ code: 'ConnectionFailed', isTemporary: true })
  })

  it('is not waited for when the server stops', async () => {
    await using server = await startS3Server()
    const stopping = new AbortController()
    server.answer = () => stopping.abort()
    await expect(storeOf(server).put(['x'], Buffer.from('text'), stopping.signal)).rejects.toThrow(/abort/)
  })
})
