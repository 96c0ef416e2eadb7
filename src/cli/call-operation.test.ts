import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { answerJson, apiOf, connectionTo, startPeer } from './_support.js'
import { NoAnswer, RefusedCall } from './call-failures.js'
import { openApi } from './call-operation.js'

const failureOf = async (promise: Promise<unknown>): Promise<Error & { advice?: readonly string[] }> => {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) throw new Error('it did not fail')
  return outcome
}

describe('a call', () => {
  it('sends its parameters in a form, with the region, and gives back the members of the answer', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, { RequestId: 'R', InvokeId: 't-1' }))
    using api = apiOf(peer)
    expect(
      await api.call('RunCommand', [
        ['CommandContent', 'a b+c&d=é'],
        ['InstanceId.1', 'i-1'],
      ]),
    ).toEqual({
      RequestId: 'R',
      InvokeId: 't-1',
    })
    expect(peer.calls[0]?.action).toBe('RunCommand')
    expect([...peer.calls[0]!.parameters]).toEqual([
      ['RegionId', 'cn-hangzhou'],
      ['CommandContent', 'a b+c&d=é'],
      ['InstanceId.1', 'i-1'],
    ])
  })

  it('tells the code, message and request id of a refusal, without the text that was signed', async () => {
    await using peer = await startPeer((_, response) =>
      answerJson(
        response,
        {
          RequestId: 'ABC',
          Code: 'SignatureDoesNotMatch',
          Message: 'Specified signature is not matched with our calculation. server string to sign is:ACS3…\nlong',
        },
        400,
      ),
    )
    using api = apiOf(peer)
    const failure = await failureOf(api.call('DescribeRegions', []))
    expect(failure).toBeInstanceOf(RefusedCall)
    expect(failure.message).toBe(
      'SignatureDoesNotMatch: Specified signature is not matched with our calculation. (RequestId ABC)',
    )
    expect(failure.advice?.[0]).toBe(
      'The AccessKey id comes from --access-key-id; its secret is not the one the server has.',
    )
  })

  it.each([
    ['RunCommand', 'InvalidParameter.Username', /letters, digits/],
    ['RunCommand', 'InvalidParameter.Launcher', /names the script/],
    ['RunCommand', 'InvalidParameter.OssOutputDelivery', /oss:\/\/bucket\/prefix/],
    ['SendFile', 'InvalidParameter.Name', /name of a file has no \//],
    ['CreateSecretParameter', 'InvalidParameter.Name', /name of a secret is letters/],
    ['SendFile', 'FileTargetDir.Invalid', /from the root/],
  ])('%s says what the rule is where the server only says %s', async (action, Code, rule) => {
    await using peer = await startPeer((_, response) => answerJson(response, { Code, Message: 'not valid.' }, 400))
    using api = apiOf(peer)
    expect((await failureOf(api.call(action, []))).advice?.[0]).toMatch(rule)
  })

  it('reads a refusal in XML too, and hands a good answer on as it is', async () => {
    await using peer = await startPeer((call, response) => {
      const isGood = call.action === 'DescribeRegions'
      response.writeHead(isGood ? 200 : 404, { 'content-type': 'text/xml;charset=utf-8' })
      response.end(
        isGood
          ? '<DescribeRegionsResponse/>'
          : '<Error><RequestId>R</RequestId><Code>A.B</Code><Message>a &lt;b&gt; &amp;c</Message></Error>',
      )
    })
    using api = apiOf(peer)
    expect(await api.send('DescribeRegions', [])).toBe('<DescribeRegionsResponse/>')
    expect((await failureOf(api.send('Other', []))).message).toBe('A.B: a <b> &c (RequestId R)')
  })

  it('says how far the clocks are apart when that is what the server minds', async () => {
    const serverTime = new Date(Date.now() - 1_800_000)
    await using peer = await startPeer((_, response) =>
      answerJson(response, { Code: 'InvalidTimeStamp.Expired', Message: 'm' }, 400, { date: serverTime.toUTCString() }),
    )
    using api = apiOf(peer)
    const { advice } = await failureOf(api.call('X', []))
    expect(advice?.[0]).toMatch(/^The clock of this machine is 1(79|80)\d seconds ahead of the server’s/)
  })

  it('waits as long as the server asks for, and tries again', async () => {
    await using peer = await startPeer((_, response) => {
      if (peer.calls.length < 3) answerJson(response, { Code: 'Throttling' }, 400, { 'x-acs-retry-after': '1' })
      else answerJson(response, { RequestId: 'R' })
    })
    using api = apiOf(peer)
    expect(await api.call('RunCommand', [])).toEqual({ RequestId: 'R' })
    expect(new Set(peer.calls.map(({ headers }) => headers['x-acs-signature-nonce'])).size).toBe(3)
  })

  it('is repeated when a kept connection was closed under it, but a write without a token is not', async () => {
    await using peer = await startPeer((call, response) => {
      // Each connection answers one call and is cut at the next.
      if (response.req.socket.bytesWritten > 0) response.req.socket.resetAndDestroy()
      else answerJson(response, { RequestId: call.action })
    })
    using api = apiOf(peer)
    await api.call('DescribeA', [])
    expect(await api.call('DescribeB', [])).toEqual({ RequestId: 'DescribeB' })
    expect(await api.call('RunCommand', [['ClientToken', 'x']])).toEqual({ RequestId: 'RunCommand' })
    expect(await failureOf(api.call('RunCommand', []))).toBeInstanceOf(NoAnswer)
    expect(peer.calls.filter(({ action }) => action === 'RunCommand')).toHaveLength(3)
  })

  it('ends with its signal', async () => {
    const ending = new AbortController()
    await using peer = await startPeer(() => ending.abort(new Error('enough')))
    using api = apiOf(peer)
    expect((await failureOf(api.call('DescribeA', [], ending.signal))).message).toBe('enough')
  })

  it('ends when the server does not answer in time', async () => {
    await using peer = await startPeer(() => undefined)
    using api = apiOf(peer, { timeoutMs: 50 })
    expect((await failureOf(api.call('DescribeA', []))).message).toContain('did not answer within 0.05 seconds')
  })
})

describe('a server that is not there', () => {
  it('is named, with where its address was learnt and how to start it', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    using api = openApi(connectionTo(`http://127.0.0.1:${port}`, { endpointSource: './data/server.json' }))
    const failure = await failureOf(api.call('DescribeRegions', []))
    expect(failure).toBeInstanceOf(NoAnswer)
    expect(failure.message).toBe(`nothing listens at http://127.0.0.1:${port} (from ./data/server.json).`)
    expect(failure.advice).toEqual(['Is the server running? Start it with: openassist serve --data ./data'])
  })

  it('is told from a proxy that answers for it', async () => {
    await using peer = await startPeer((_, response) => {
      response.writeHead(502, { 'content-type': 'text/html' })
      response.end('<html>Bad Gateway</html>')
    })
    using api = apiOf(peer)
    const message = (await failureOf(api.call('DescribeRegions', []))).message
    expect(message).toContain('is not an OpenAssist server, or a proxy answers for it: status 502, text/html.')
    expect((await failureOf(api.send('DescribeRegions', []))).message).toBe(message)
  })

  it('that speaks plain HTTP where TLS was asked for is recognised, and the other way round', async () => {
    await using peer = await startPeer((_, response) => answerJson(response, {}))
    using secure = openApi(connectionTo(peer.origin.replace('http:', 'https:')))
    expect((await failureOf(secure.call('DescribeRegions', []))).message).toContain('does not speak TLS')
    const tls = createServer((socket) => socket.resume().end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])))
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    using plain = openApi(connectionTo(`http://127.0.0.1:${(tls.address() as AddressInfo).port}`))
    expect((await failureOf(plain.call('DescribeRegions', []))).message).toContain('does not speak plain HTTP')
    await new Promise((resolve) => tls.close(resolve))
  })
})
