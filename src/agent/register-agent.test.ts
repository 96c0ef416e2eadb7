import { createPrivateKey } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createOpened, makeCertificates, registeredHost, startFakeServer } from './_support.js'
import { registerAgent, RegistrationFailed } from './register-agent.js'
import { startAgent } from './start-agent.js'
import { readIdentity } from './state/identity.js'
import { stateDirectoryAt } from './state/state-directory.js'

const opened = createOpened()
afterEach(() => opened.closeAll())

const ACTIVATION = { activationId: 'a-1', activationCode: 'code' } as const

/** The failure of a registration. */
const failure = async (work: Promise<unknown>): Promise<RegistrationFailed> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof RegistrationFailed))
    throw new Error('it did not fail as a registration does', { cause: error })
  return error
}

describe('registering', () => {
  it('tells the server who the host is, and keeps key and identity for the owner alone', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    const options = { stateDir, server: server.address, ca: server.ca, ...ACTIVATION }
    const tags = [{ key: 'env', value: 'prod' }]
    const { instanceId } = await registerAgent({ ...options, name: 'web-1', tags })
    const sent = JSON.parse(server.of('register')[0]!.body.toString())
    expect(sent).toMatchObject({
      activationId: 'a-1',
      activationCode: 'code',
      instanceName: 'web-1',
      osType: 'linux',
      agentVersion: '2.2.3.600',
      tag: tags,
    })
    const identity = await readIdentity(stateDirectoryAt(stateDir))
    expect(identity).toMatchObject({ instanceId, machineId: sent.machineId, server: server.address, ca: server.ca })
    expect(identity?.privateKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2_048, publicExponent: 65_537n })
    const file = join(stateDir, 'identity.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(createPrivateKey(JSON.parse(await readFile(file, 'utf8')).privateKey).type).toBe('private')
  })

  it('is refused for a host that is registered, unless forced', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    const options = { stateDir, server: server.address, ca: server.ca, ...ACTIVATION }
    const first = await registerAgent(options)
    const refused = await failure(registerAgent(options))
    expect(refused.kind).toBe('registered-already')
    expect(refused.message).toContain(first.instanceId)
    expect(server.of('register')).toHaveLength(1)
    const second = await registerAgent({ ...options, force: true })
    expect((await readIdentity(stateDirectoryAt(stateDir)))?.instanceId).toBe(second.instanceId)
  })

  it('says in the server’s words why it was refused, and keeps nothing', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    const options = { stateDir, server: server.address, ca: server.ca, ...ACTIVATION }
    server.answer = () => ({ body: '{"code":403,"instanceId":"","errMsg":"The activation has expired."}' })
    const refused = await failure(registerAgent(options))
    expect(refused).toMatchObject({ kind: 'refused' })
    expect(refused.message).toContain('The activation has expired.')
    for (const body of ['{"code":"200"}', '<html>', '{"code":200,"instanceId":"../x"}', '{"code":200}']) {
      server.answer = () => ({ body })
      expect(['refused', 'unclear']).toContain((await failure(registerAgent(options))).kind)
    }
    server.answer = () => ({ status: 503 })
    expect((await failure(registerAgent(options))).message).toContain('503')
    expect(await readIdentity(stateDirectoryAt(stateDir))).toBeUndefined()
  })

  it('does not trust a server that the given CA did not sign, nor one without a CA at all', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    const other = await makeCertificates()
    for (const ca of [undefined, other.ca]) {
      const options = { stateDir, server: server.address, ...(ca === undefined ? {} : { ca }), ...ACTIVATION }
      expect((await failure(registerAgent(options))).kind).toBe('untrusted')
    }
    expect(server.received).toHaveLength(0)
  })

  it('tells that nobody listens, and that somebody else does', async () => {
    const stateDir = await opened.folder()
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const { port } = closed.address() as AddressInfo
    await new Promise((resolve) => closed.close(resolve))
    const options = { stateDir, server: `127.0.0.1:${port}`, ...ACTIVATION }
    expect(await failure(registerAgent(options))).toMatchObject({ kind: 'unreachable' })
    const plain = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.resume().end('220 mail.example.com\r\n')
    })
    await new Promise<void>((resolve) => plain.listen(port, '127.0.0.1', resolve))
    opened.add({ stop: () => new Promise((resolve) => plain.close(resolve)) })
    expect((await failure(registerAgent(options))).kind).toBe('unreachable')
  })

  it('is refused while an agent works with the same state', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    await registeredHost(server, stateDir)
    opened.add(await startAgent({ stateDir }))
    const options = { stateDir, server: server.address, ca: server.ca, force: true, ...ACTIVATION }
    await expect(registerAgent(options)).rejects.toThrow(/Another agent/)
  })

  it('reports a damaged identity instead of taking the host for a new one', async () => {
    const stateDir = await opened.folder()
    await writeFile(join(stateDir, 'identity.json'), '{"format":1')
    await expect(registerAgent({ stateDir, server: '127.0.0.1:1', ...ACTIVATION })).rejects.toThrow(/damaged/)
  })

  it('does not accept an address that is none', async () => {
    const stateDir = await opened.folder()
    for (const server of ['', 'host:port', 'host/path', 'user@host', 'a b']) {
      await expect(registerAgent({ stateDir, server, ...ACTIVATION })).rejects.toThrow(/HOST:PORT/)
    }
  })
})
