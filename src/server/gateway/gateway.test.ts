import { generateKeyPairSync } from 'node:crypto'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway, type TestHost, TestRoom, until } from './_support.js'

// The door as agents see it: a real server, real signatures, real sockets.

let room: TestRoom
let door: TestGateway
let host: TestHost

beforeEach(async () => {
  room = new TestRoom()
  host = room.add('mi-1')
  door = await startGateway(room)
})

afterEach(() => door[Symbol.asyncDispose]())

describe('requests', () => {
  it('are answered on one kept-alive connection', async () => {
    const headers = door.signed(host)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = connect(door.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.write(`GET /luban/api/connection_detect HTTP/1.1\r\nHost: x\r\n\r\n`)
    socket.write(`POST /luban/api/v1/task/list?reason=startup HTTP/1.1\r\nHost: x\r\ncontent-length: 0\r\n`)
    socket.write(`${lines.join('')}\r\n`)
    await until(() => Buffer.concat(chunks).toString().includes('"run":[]'))
    expect(Buffer.concat(chunks).toString()).toMatch(/200 OK[^]*\r\n\r\nok/)
    expect(Buffer.concat(chunks).toString()).not.toMatch(/connection: close/i)
    socket.destroy()
  })

  it('of a heartbeat reach the registry with version and system of the user agent', async () => {
    const query = 'uptime=978000&timestamp=1795485667821&pid=45&process_uptime=287&index=0&seq_no=0&cold_start=true'
    const answer = await door.call(host, 'GET', `/luban/api/heart-beat?${query}`)
    expect(answer).toMatchObject({ status: 200, text: '{"code":200,"nextInterval":61234}' })
    expect(room.beats).toMatchObject([
      {
        instanceId: 'mi-1',
        beat: {
          osType: 'Linux',
          agentVersion: '2.2.3.578',
          pid: 45,
          processUptimeMs: 287,
          uptimeMs: 978000,
          agentTime: 1795485667821,
          coldStart: true,
        },
      },
    ])
  })

  it('of a heartbeat that tells neither version nor system ask for the full form, once it is sent all is known', async () => {
    const old = { ...host, userAgent: 'Go-http-client/1.1' }
    const short = await door.call(old, 'GET', '/luban/api/heart-beat?index=0')
    expect(short.status).toBe(200)
    expect(short.json).toEqual({
      code: 400,
      errMsg: "Required request parameter 'os_type' for method parameter type String is not present",
    })
    expect(room.beats).toHaveLength(0)
    const full = await door.call(old, 'GET', '/luban/api/heart-beat?index=0&os_type=windows&app_version=2.1.0.398')
    expect(full.json).toMatchObject({ code: 200 })
    expect(room.beats[0]?.beat).toMatchObject({ osType: 'Windows', agentVersion: '2.1.0.398' })
  })

  it('for tasks get what the domain hands out', async () => {
    const answer = await door.call(host, 'POST', '/luban/api/v1/task/list?reason=startup&cold_start=true&offset=0')
    expect(answer.json).toEqual({ code: 200, instanceId: 'mi-1', run: [], stop: [], test: [] })
    const fetch = { reason: 'startup', coldStart: true, supports: new Set() }
    expect(room.fetches).toEqual([{ instanceId: 'mi-1', fetch }])
  })

  it('for tasks may say what the agent supports', async () => {
    await door.call(host, 'POST', '/luban/api/v1/task/list?reason=kickoff&supports=launcher%2Cteleport')
    expect(room.fetches).toMatchObject([{ fetch: { supports: new Set(['launcher']) } }])
  })

  it('for tasks get the files that wait, and reports about files go where files are', async () => {
    const content = Buffer.from('text')
    const file = { taskId: 'f-1', name: 'a.txt', targetDir: '/srv', content, contentType: 'PlainText' } as const
    const owned = { owner: 'root', group: 'root', mode: '0644', overwrite: false, timeoutSeconds: 60 }
    room.handedFiles = [{ ...file, ...owned }]
    const answer = await door.call(host, 'POST', '/luban/api/v1/task/list?reason=kickoff')
    expect(answer.json).toMatchObject({ run: [], file: [{ task: { taskID: 'f-1', content: 'dGV4dA==' } }] })
    const finish = '/luban/api/v1/task/finish?taskId=f-1&status=Success&taskType=sendfile&errorcode=0'
    expect((await door.call(host, 'POST', finish)).text).toBe('{"code":200}')
    const invalid = '/luban/api/v1/task/invalid?taskId=f-1&taskType=sendfile&param=FileExist&value=a&b'
    expect((await door.call(host, 'POST', invalid)).text).toBe('{"code":200}')
    expect(room.fileReports.map(({ report }) => report)).toEqual([
      { kind: 'finish', taskId: 'f-1', code: 0 },
      { kind: 'invalid', taskId: 'f-1', param: 'FileExist', value: 'a&b' },
    ])
    expect(room.reports).toEqual([])
    const unreadable = '/luban/api/v1/task/finish?taskId=f-1&taskType=sendfile'
    expect((await door.call(host, 'POST', unreadable)).status).toBe(400)
  })

  it('with output bring its bytes as they are', async () => {
    const output = Buffer.from([0, 0xff, 0xc3, 0x28, 0x0a])
    const path = '/luban/api/v1/task/finish?taskId=t-1&invokeVersion=1&start=1000&end=2000&exitCode=3&dropped=0'
    room.correction = 250
    expect((await door.call(host, 'POST', path, output)).text).toBe('{"code":200}')
    expect(room.reports).toEqual([
      {
        instanceId: 'mi-1',
        report: {
          kind: 'finish',
          taskId: 't-1',
          run: 1000,
          startedAt: 1250,
          endedAt: 2250,
          exitCode: 3,
          dropped: 0,
          output,
        },
      },
    ])
  })

  it('with output are taken up to the quota and some slack', async () => {
    const path = '/luban/api/v1/task/running?taskId=t-1&start=1000'
    expect((await door.call(host, 'POST', path, Buffer.alloc(24_576))).status).toBe(200)
    expect((await door.call(host, 'POST', path, Buffer.alloc(200_000))).status).toBe(413)
    expect(room.reports).toHaveLength(1)
  })

  it('with an endless body of unknown length are cut off', async () => {
    const headers = { ...door.signed(host), 'transfer-encoding': 'chunked' }
    const body = Buffer.alloc(300_000)
    const answer = await door
      .ask('POST', '/luban/api/v1/task/running?taskId=t-1&start=1', headers, body)
      .catch((error: unknown) => String(error))
    expect(typeof answer === 'string' ? 413 : answer.status).toBe(413)
    expect(room.reports).toHaveLength(0)
  })

  it('with long output wait for their share of memory, and all get it', async () => {
    await using large = await startGateway(room, { outputQuota: 1_000_000, maxHeldBytes: 1_500_000 })
    const path = '/luban/api/v1/task/finish?taskId=t-1&start=1&end=2&exitCode=0&dropped=0'
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => large.call(host, 'POST', path, Buffer.alloc(1_000_000, 'x'))),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(room.reports).toHaveLength(10)
  })

  it('with long output of one host that sends slowly do not keep others waiting', async () => {
    await using large = await startGateway(room, {
      outputQuota: 1_000_000,
      maxHeldBytes: 4_000_000,
      bodyTimeoutMs: 600_000,
    })
    const path = '/luban/api/v1/task/finish?taskId=t-1&start=1&end=2&exitCode=0&dropped=0'
    const slow = Array.from({ length: 10 }, () => {
      const socket = connect(large.port, '127.0.0.1').on('error', () => undefined)
      const lines = Object.entries(large.signed(host)).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n${lines.join('')}\r\nx`)
      return socket
    })
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    const honest = room.add('mi-2')
    const answers = [0, 1, 2].map(() => large.call(honest, 'POST', path, Buffer.alloc(1_000_000, 'x')))
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(room.reports.map(({ instanceId }) => instanceId)).toEqual(['mi-2', 'mi-2', 'mi-2'])
    for (const socket of slow) socket.destroy()
  })

  it('with a body that nobody reads take no memory from others, however slow it comes', async () => {
    await using small = await startGateway(room, {
      outputQuota: 1_000_000,
      maxHeldBytes: 1_000_000,
      bodyTimeoutMs: 600_000,
    })
    const slow = Array.from({ length: 10 }, () => {
      const socket = connect(small.port, '127.0.0.1').on('error', () => undefined)
      const lines = Object.entries(small.signed(host)).map(([name, value]) => `${name}: ${value}\r\n`)
      const head = `POST /luban/api/instance/put_inventory HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n`
      socket.write(`${head}${lines.join('')}\r\nx`)
      return socket
    })
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
    const path = '/luban/api/v1/task/finish?taskId=t-1&start=1&end=2&exitCode=0&dropped=0'
    expect((await small.call(host, 'POST', path, Buffer.alloc(1_000_000, 'x'))).status).toBe(200)
    const inventory = await small.call(host, 'POST', '/luban/api/instance/put_inventory', Buffer.alloc(4_000_000))
    expect(inventory).toMatchObject({ status: 200, json: { errCode: 'ServiceNotSupported' } })
    const longer = await small
      .call(host, 'POST', '/luban/api/instance/put_inventory', Buffer.alloc(4_300_000))
      .catch((error: unknown) => String(error))
    expect(typeof longer === 'string' ? 413 : longer.status).toBe(413)
    for (const socket of slow) socket.destroy()
  })

  it('that cannot be read are answered 400, which agents do not repeat', async () => {
    const answer = await door.call(host, 'POST', '/luban/api/v1/task/running?taskId=a/b&start=1')
    expect(answer).toMatchObject({ status: 400, json: { code: 400, errMsg: 'taskId is malformed' } })
    expect(room.kinds()).toContain('malformed')
  })

  it('that are not signed are answered 401 with a document that keeps an agent registered', async () => {
    const answer = await door.ask('POST', '/luban/api/instance/deregister')
    expect(answer).toMatchObject({ status: 401, json: { code: 401 } })
  })

  it('to nowhere are answered 404, with another method 405', async () => {
    expect((await door.call(host, 'GET', '/luban/api/classic/region-id')).status).toBe(404)
    expect((await door.call(host, 'GET', '/luban/')).status).toBe(404)
    expect((await door.call(host, 'POST', '/luban/api/heart-beat')).status).toBe(405)
  })

  it.each([
    ['POST', '/luban/api/gshell', '', { code: 200, gshellSupport: 'false' }],
    ['POST', '/luban/api/v1/update/update_check', '{"os":"linux"}', { need_update: 0, next_interval: 1800 }],
    ['POST', '/luban/api/v1/plugin/list', '{}', { code: 200, requestId: '', instanceId: '', pluginList: [] }],
    ['POST', '/luban/api/v1/plugin/report_status', '{"plugin":[]}', { code: 200 }],
    ['POST', '/luban/api/v2/plugin/update_check', '{}', { instanceId: '', nextInterval: 1800, plugin: [] }],
    ['POST', '/luban/api/v1/plugin/update_check', '{}', { instanceId: '', nextInterval: 1800, plugin: [] }],
    ['POST', '/luban/api/metrics', '{"eventId":"agent.startup"}', { code: 200 }],
    ['POST', '/luban/api/v1/exception/client_report', '{"type":"self_kill","info":""}', { code: 200 }],
    [
      'POST',
      '/luban/api/instance/list_instance_state_configurations',
      '{}',
      { errCode: 'ServiceNotSupported', errMsg: '' },
    ],
    ['POST', '/luban/api/instance/get_template', '{}', { errCode: 'ServiceNotSupported', errMsg: '' }],
    ['POST', '/luban/api/instance/put_inventory', 'x', { errCode: 'ServiceNotSupported', errMsg: '' }],
    ['POST', '/luban/api/instance/put_instance_state_report', '{}', { errCode: 'ServiceNotSupported', errMsg: '' }],
    ['POST', '/luban/api/v1/session/list?channelId=s-1', '', { code: 200, instanceId: 'mi-1', session: [] }],
    ['POST', '/luban/api/v1/session/status?channelId=s-1&status=Failed&errorcode=Timeout', '', { code: 200 }],
    ['POST', '/luban/api/v1/task/verified?taskId=t-1', '', { code: 200 }],
  ])('%s %s has an answer', async (method, path, body, expected) => {
    expect(await door.call(host, method, path, body)).toMatchObject({ status: 200, json: expected })
  })

  it('meet a broken world as 500 or 503, so that agents try again', async () => {
    room.broken = new Error('a bug')
    expect((await door.call(host, 'POST', '/luban/api/v1/task/list?reason=startup')).status).toBe(500)
    room.broken = Object.assign(new Error('away'), { kind: 'store/unavailable' })
    expect((await door.call(host, 'POST', '/luban/api/v1/task/list?reason=startup')).status).toBe(503)
    expect(room.kinds().filter((kind) => kind === 'failed')).toHaveLength(2)
    room.broken = undefined
    expect((await door.call(host, 'POST', '/luban/api/v1/task/list?reason=startup')).status).toBe(200)
  })

  it('on a plain connection from elsewhere are refused, registrations too', async () => {
    door.peer = { address: '192.0.2.1', secure: false, loopback: false }
    expect((await door.call(host, 'GET', '/luban/api/heart-beat')).status).toBe(403)
    expect((await door.ask('POST', '/luban/api/instance/register', {}, '{}')).status).toBe(403)
    expect((await door.ask('GET', '/luban/api/connection_detect')).text).toBe('ok')
  })
})

describe('registration', () => {
  const body = () =>
    JSON.stringify({
      activationCode: 'code',
      activationId: 'activation',
      machineId: 'machine',
      regionId: 'anywhere',
      instanceName: 'web-1',
      hostname: 'vm',
      intranetIp: '10.9.0.5',
      osVersion: 'Linux',
      osType: 'linux',
      agentVersion: '2.2.3.578',
      publicKey: Buffer.from(host.publicKeyPem).toString('base64'),
      tag: [],
    })

  it('answers the id that the host has from now on', async () => {
    const answer = await door.ask('POST', '/luban/api/instance/register', {}, body())
    expect(answer).toMatchObject({ status: 200, text: '{"code":200,"instanceId":"mi-1"}' })
    expect(room.registrations).toMatchObject([{ activationId: 'activation', sourceAddress: '127.0.0.1' }])
  })

  it('is refused with status 200, another code, and a sentence for the person', async () => {
    room.refuse = 'activation-unknown'
    const refused = await door.ask('POST', '/luban/api/instance/register', {}, body())
    expect(refused).toMatchObject({
      status: 200,
      json: { code: 404, instanceId: '', errMsg: 'The activation code or activation id is wrong.' },
    })
    const garbage = await door.ask('POST', '/luban/api/instance/register', {}, '{"activationCode":1}')
    expect(garbage).toMatchObject({ status: 200, json: { code: 400 } })
    expect(garbage.text).toContain('activationCode is not a text')
  })

  it('with another key ends what spoke with the one before', async () => {
    const socket = await door.connect(host)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await door.ask('POST', '/luban/api/instance/register', {}, body())
    expect(await closed).toBe(1008)
    const other = room.add('mi-1', generateKeyPairSync('rsa', { modulusLength: 2048 }))
    expect((await door.call(host, 'GET', '/luban/api/heart-beat')).status).toBe(401)
    expect((await door.call(other, 'GET', '/luban/api/heart-beat')).status).toBe(200)
  })

  it('is kept by an agent whose deregistration did not work: every refusal has another code (trap 10)', async () => {
    room.broken = new Error('a bug')
    const failed = await door.call(host, 'POST', '/luban/api/instance/deregister')
    expect(failed).toMatchObject({ status: 500, json: { code: 500 } })
    room.broken = undefined
    const stranger = await door.call({ ...host, machineId: 'x' }, 'POST', '/luban/api/instance/deregister')
    expect(stranger).toMatchObject({ status: 401, json: { code: 401 } })
    expect(room.deregistered).toEqual([])
  })

  it('ends at the wish of the host: its socket is closed, its signature worth nothing', async () => {
    const socket = await door.connect(host)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    expect((await door.call(host, 'POST', '/luban/api/instance/deregister')).text).toBe('{"code":200}')
    expect(room.deregistered).toEqual(['mi-1'])
    expect(await closed).toBe(1008)
    expect((await door.call(host, 'GET', '/luban/api/heart-beat')).status).toBe(401)
  })
})

describe('the notify socket', () => {
  const frames = (socket: { on(event: 'message', listener: (data: Buffer) => void): unknown }): string[] => {
    const got: string[] = []
    socket.on('message', (data) => got.push(data.toString()))
    return got
  }

  it('opens for a signed handshake only', async () => {
    await door.connect(host)
    expect(door.gateway.connectionCount()).toBe(1)
    for (const headers of [{}, { 'x-client-instance-id': 'mi-1' }, door.signed({ ...host, machineId: 'x' })]) {
      const status = await new Promise<number | undefined>((resolve) =>
        door.dial(headers).once('unexpected-response', (_request, response) => resolve(response.statusCode)),
      )
      expect(status).toBe(401)
    }
    expect(door.gateway.connectionCount()).toBe(1)
  })

  it('refuses a handshake that is none with an error that agents read', async () => {
    const headers = { ...door.signed(host), connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '99' }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const socket = connect(door.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.write(`GET /luban/notify_server HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`)
    await ended
    const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 400 /)
    expect(JSON.parse(body)).toMatchObject({ code: 400, errMsg: expect.stringContaining('Sec-WebSocket') })
  })

  it('does not exist for terminal sessions or elsewhere', async () => {
    for (const path of ['/luban/session/backend?channelId=s-1', '/luban/elsewhere']) {
      const status = await new Promise<number | undefined>((resolve) =>
        door
          .dial(door.signed(host), path)
          .once('unexpected-response', (_request, response) => resolve(response.statusCode)),
      )
      expect(status).toBe(404)
    }
  })

  it('carries a kick when work appears, and none after the fetch', async () => {
    const socket = await door.connect(host)
    const got = frames(socket)
    room.work.add('mi-1')
    room.send(['mi-1', 'mi-elsewhere'])
    await until(() => got.length > 0)
    expect(got).toEqual(['kick_vm'])
    await door.call(host, 'POST', '/luban/api/v1/task/list?reason=kickoff')
    room.work.add('mi-1')
    room.send(['mi-1'])
    await until(() => got.length > 1)
    expect(got).toEqual(['kick_vm', 'kick_vm'])
  })

  it.each(['work', 'fileWork'] as const)('carries a kick at once when %s waited for the host', async (what) => {
    room[what].add('mi-1')
    const socket = door.dial(door.signed(host))
    const got = frames(socket)
    await until(() => got.length > 0)
    expect(got).toEqual(['kick_vm'])
  })

  it('counts pings of the agent as life, and answers them', async () => {
    const socket = await door.connect(host)
    const pong = new Promise<string>((resolve) => socket.once('pong', (data) => resolve(data.toString())))
    socket.ping('keepalive')
    expect(await pong).toBe('keepalive')
    expect(room.heardFrom).toContain('mi-1')
  })

  it('tells the domain when the agent is installing an update', async () => {
    const socket = await door.connect(host)
    socket.send('accept:kick_vm')
    socket.send('reject:kick_vm')
    socket.send('unknow:kick_vm')
    socket.send('garbage')
    await until(() => room.kinds().filter((kind) => kind === 'kick-not-understood').length === 2)
    expect(room.rejections).toEqual(['mi-1'])
    expect(socket.readyState).toBe(socket.OPEN)
  })

  it('of a host is the newest one', async () => {
    const first = await door.connect(host)
    const closed = new Promise<number>((resolve) => first.once('close', resolve))
    const second = door.dial(door.signed(host))
    const got = frames(second)
    expect(await closed).toBe(4001)
    await until(() => door.gateway.connectionCount() === 1)
    room.work.add('mi-1')
    room.send(['mi-1'])
    await until(() => got.length > 0)
    expect(room.disconnects).toEqual([{ instanceId: 'mi-1', generation: 1 }])
  })

  it('of a host that dials without end and never reads is not more than two', async () => {
    const signed = Array.from({ length: 30 }, () => door.signed(host))
    const sockets = signed.map((headers) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const socket = connect(door.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(
        `GET /luban/notify_server HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}\r\n`,
      )
      return socket
    })
    await until(() => room.kinds().filter((kind) => kind === 'connected').length === 30)
    await until(() => room.kinds().filter((kind) => kind === 'disconnected').length === 28)
    expect(door.gateway.connectionCount()).toBe(2)
    for (const socket of sockets) socket.destroy()
    await until(() => door.gateway.connectionCount() === 0)
  })

  it('is closed for a frame that is too long, without harm to others', async () => {
    const socket = await door.connect(host)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.send('x'.repeat(100_000))
    expect(await closed).toBe(1009)
    await until(() => door.gateway.connectionCount() === 0)
  })

  it('is refused beyond the cap, while requests still are answered (design D8)', async () => {
    await using small = await startGateway(room, { maxConnections: 1 })
    await small.connect(host)
    const status = await new Promise<number | undefined>((resolve) =>
      small
        .dial(small.signed(room.add('mi-2')))
        .once('unexpected-response', (_request, { statusCode }) => resolve(statusCode)),
    )
    expect(status).toBe(503)
    expect(room.events).toContainEqual({ kind: 'connection-refused', reason: 'full' })
    expect((await small.call(room.add('mi-2'), 'GET', '/luban/api/heart-beat')).status).toBe(200)
  })

  it('is closed with 1001 when the node stops, and nothing stays open', async () => {
    const socket = await door.connect(host)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await door.gateway.stop()
    expect(await closed).toBe(1001)
    expect(door.gateway.connectionCount()).toBe(0)
    expect(room.disconnects).toHaveLength(1)
    const status = await new Promise<number | undefined>((resolve) =>
      door.dial(door.signed(host)).once('unexpected-response', (_request, response) => resolve(response.statusCode)),
    )
    expect(status).toBe(503)
  })
})
