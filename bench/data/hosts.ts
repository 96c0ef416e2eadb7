// The hosts of the benches. Key pairs are few, as making one takes 160 ms; every host has a key object of its own on the
// server, so memory and caches see as many keys as there are hosts.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataRoot } from './directory.js'

const KEY_PAIRS = 16

export interface PemPair {
  readonly privateKey: string
  readonly publicKey: string
}

export interface Host {
  readonly instanceId: string
  readonly machineId: string
  /** Index of its key pair. */
  readonly pair: number
}

export const keyPairs = (): readonly PemPair[] => {
  const file = join(dataRoot(), 'key-pairs.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as PemPair[]
  const pairs = Array.from({ length: KEY_PAIRS }, () =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  )
  writeFileSync(file, JSON.stringify(pairs), { mode: 0o600 })
  return pairs
}

export const privateKeys = (): readonly KeyObject[] => keyPairs().map(({ privateKey }) => createPrivateKey(privateKey))

const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/** The id of the host with this number: they sort by number and end in what looks like chance, as real ones do. */
export const instanceIdOf = (number: number): string => {
  let rest = number * 1_000
  let time = ''
  for (let place = 0; place < 11; place++) {
    time = `${LETTERS[rest % 32]}${time}`
    rest = Math.floor(rest / 32)
  }
  let chance = (Math.imul(number + 1, 2_654_435_761) >>> 0) * 8_191
  let tail = ''
  for (let place = 0; place < 9; place++) {
    tail += LETTERS[chance % 32]
    chance = Math.floor(chance / 32)
  }
  return `mi-hz0${time}${tail}`
}

export const hostOf = (number: number): Host => ({
  instanceId: instanceIdOf(number),
  machineId: `machine-${number.toString(16).padStart(24, '0')}`,
  pair: number % KEY_PAIRS,
})

export const osTypeOf = (number: number): 'Linux' | 'Windows' => (number % 5 === 4 ? 'Windows' : 'Linux')
export const versionOf = (number: number): string => `2.2.3.${560 + (number % 19)}`
export const invocationsOf = (number: number): number => number % 37
