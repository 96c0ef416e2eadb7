// What is sent to the agents' door: by nobody, by somebody with another's signature, and by registered hosts that lie.
import { createECDH, generateKeyPairSync } from 'node:crypto'
import { messages } from '../../../src/protocol/messages/index.js'
import type { Chance } from '../random.js'
import { registration, type SimulatedHost, USER_AGENT } from '../simulated-host.js'
import { type Attack, http } from './attack.js'
import { encode, json, text } from './nonsense.js'

export interface Prey {
  readonly hosts: readonly SimulatedHost[]
  /** Ids of invocations, of the hosts' own tasks and of others'. */
  readonly taskIds: readonly string[]
  /** Base64 of keys that must not be taken. */
  readonly badKeys: readonly string[]
  readonly goodKey: string
}

const pemOf = (key: { export(options: { type: 'spki'; format: 'pem' }): string | Buffer }): string =>
  Buffer.from(key.export({ type: 'spki', format: 'pem' })).toString('base64')

export const badKeys = (): readonly string[] => [
  pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
  pemOf(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey),
  pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey),
  pemOf(generateKeyPairSync('ed25519').publicKey),
  createECDH('secp256k1').generateKeys('base64'),
  Buffer.from('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n').toString('base64'),
  Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString('base64'),
  'A'.repeat(8_000),
]

const lines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

const ALL = Object.values(messages)
/** A host that deregisters is no peer any more. */
const SIGNED = ALL.filter((message) => message.signed && message !== messages.deregister)
const REPORTS = [
  messages.taskRunning,
  messages.taskFinish,
  messages.taskTimeout,
  messages.taskError,
  messages.taskStopped,
  messages.taskInvalid,
  messages.taskVerified,
]

const number = (chance: Chance): string =>
  chance.pick(['0', '1', '-1', '255', '1e3', '9007199254740993', '8640000000000001', '', 'x', `${Date.now()}`, '٣'])

const query = (chance: Chance, { query: { fields } }: (typeof ALL)[number], taskIds: readonly string[]): string => {
  const pairs: string[] = []
  for (const [name, shape] of Object.entries(fields)) {
    if (chance.chance(0.08)) continue
    const value =
      name === 'taskId' && chance.chance(0.8)
        ? chance.pick(taskIds)
        : shape.kind === 'integer'
          ? chance.chance(0.6)
            ? String(chance.between(0, 100_000))
            : number(chance)
          : shape.kind === 'flag'
            ? chance.pick(['true', 'false', 'TRUE', '1', ''])
            : chance.chance(0.4) && 'oneOf' in shape && shape.oneOf !== undefined
              ? String(chance.pick(shape.oneOf))
              : text(chance).slice(0, 4_000)
    pairs.push(`${name}=${encode(value)}`)
    if (chance.chance(0.03)) pairs.push(`${name}=${encode(text(chance).slice(0, 100))}`)
  }
  if (chance.chance(0.05)) pairs.push(`__proto__=1`, `constructor=${encode(text(chance).slice(0, 100))}`)
  if (chance.chance(0.02)) pairs.push(...Array.from({ length: 100 }, (_, index) => `x${index}=`))
  return pairs.join('&')
}

const body = (chance: Chance): Buffer | string => {
  const roll = chance.next()
  if (roll < 0.3) return ''
  if (roll < 0.6) return chance.bytes(chance.between(1, 3_000))
  if (roll < 0.65) return Buffer.alloc(chance.between(20_000, 120_000), 0x78)
  return json(chance)
}

/** A registered host with its own key says what it should not. */
const lying = (chance: Chance, prey: Prey): Attack => {
  const message = chance.chance(0.6) ? chance.pick(REPORTS) : chance.pick(SIGNED)
  const host = chance.pick(prey.hosts)
  const headers = `User-Agent: ${chance.chance(0.9) ? USER_AGENT : 'x'.repeat(300)}\r\n${lines(host.signed())}`
  const target = `${message.path}?${query(chance, message, prey.taskIds)}`
  const content = message.method === 'GET' && chance.chance(0.9) ? '' : body(chance)
  return {
    kind: `signed nonsense to ${message.path}`,
    door: 'agent',
    bytes: [http(message.method, target, headers, content)],
    answers: 1,
    mayPass: true,
  }
}

const oversized = (chance: Chance, { hosts, taskIds }: Prey): Attack => ({
  kind: 'a report that is too long',
  door: 'agent',
  bytes: [
    `POST ${messages.taskFinish.path}?taskId=${chance.pick(taskIds)}&start=1&end=2&exitCode=0&dropped=0 HTTP/1.1\r\n` +
      `Host: localhost\r\n${lines(chance.pick(hosts).signed())}Content-Length: 99999999\r\n\r\n`,
    Buffer.alloc(chance.between(0, 200_000), 0x79),
  ],
  answers: 1,
  spoils: true,
})

const replayed = (chance: Chance, { hosts }: Prey): Attack => {
  const request = http(
    'GET',
    messages.heartBeat.path,
    `User-Agent: ${USER_AGENT}\r\n${lines(chance.pick(hosts).signed())}`,
  )
  return { kind: 'a replayed heartbeat', door: 'agent', bytes: [request, request], answers: 2, mayPass: true }
}

/** A signature that is not fresh, not theirs, or nothing. */
const forged = (chance: Chance, { hosts, taskIds }: Prey): Attack => {
  const signed = chance.pick(hosts).signed()
  const changes: readonly [string, string][] = [
    ['x-acs-instance-id', chance.pick(hosts).instanceId],
    ['x-acs-instance-id', chance.pick(['', '__proto__', '../x', 'i-1', 'x'.repeat(5_000)])],
    ['x-acs-timestamp', chance.pick(['0', '-1', 'now', '1', '9'.repeat(20), String(Date.now() - 3_600_000)])],
    ['x-acs-request-id', chance.pick(['', 'x', '00000000-0000-0000-0000-000000000000'])],
    ['x-acs-signature', chance.pick(['', 'AAAA', 'A'.repeat(344), '!'.repeat(344), 'A'.repeat(20_000)])],
  ]
  const [name, value] = chance.pick(changes)
  const message = chance.pick(SIGNED)
  const same = signed[name] === value
  return {
    kind: `forged ${name}`,
    door: 'agent',
    bytes: [
      http(message.method, `${message.path}?${query(chance, message, taskIds)}`, lines({ ...signed, [name]: value })),
    ],
    answers: 1,
    mayPass: same,
  }
}

const unsigned = (chance: Chance): Attack => {
  const message = chance.pick(ALL)
  const path = chance.chance(0.5)
    ? message.path
    : `/luban/${chance.pick(['', '..', 'api', 'api/v1/task/', '%2e%2e/', 'a'.repeat(3_000)])}`
  const request = http(
    chance.pick(['GET', 'POST']),
    path,
    'X-Client-Instance-ID: i-1\r\n',
    chance.chance(0.3) ? json(chance) : '',
  )
  return { kind: 'unsigned', door: 'agent', bytes: [request], answers: 1, mayPass: true }
}

const registering = (chance: Chance, prey: Prey): Attack => {
  const whole: Record<string, unknown> = registration(
    { activationId: text(chance), activationCode: text(chance) },
    text(chance),
    chance.chance(0.5) ? chance.pick(prey.badKeys) : prey.goodKey,
  )
  const name = chance.pick(Object.keys(whole))
  const roll = chance.next()
  if (roll < 0.3) whole[name] = chance.pick([null, 1, [], {}, true, 'x'.repeat(40_000), [{ key: 'a' }]])
  else if (roll < 0.5) delete whole[name]
  const document = roll > 0.8 ? json(chance) : JSON.stringify(whole)
  const request = http('POST', messages.register.path, 'Content-Type: application/json\r\n', document)
  return { kind: 'registration', door: 'agent', bytes: [request], answers: 1, mayPass: true }
}

export const agentAttack = (chance: Chance, prey: Prey): Attack => {
  const roll = chance.next()
  if (roll < 0.5) return lying(chance, prey)
  if (roll < 0.7) return forged(chance, prey)
  if (roll < 0.8) return unsigned(chance)
  if (roll < 0.92) return registering(chance, prey)
  if (roll < 0.98) return replayed(chance, prey)
  return oversized(chance, prey)
}
