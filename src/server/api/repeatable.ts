import { hash as digest } from 'node:crypto'
import type { Repeatable } from '../domain/access/scope.js'
import { TOLERATED } from './parameters.js'

/** Upper limit and characters of a ClientToken (api.md §2.5). */
const CLIENT_TOKEN = /^[\x20-\x7e]{1,64}$/

export const isClientToken = (token: string): boolean => CLIENT_TOKEN.test(token)

/**
 * A request that carries a ClientToken. Its fingerprint covers every parameter that has a value, except those that
 * differ between two attempts of one call: signature, nonce, time, key, and the token itself.
 */
export const repeatableOf = (action: string, clientToken: string, given: ReadonlyMap<string, string>): Repeatable => {
  const counted = [...given].filter(([name, value]) => value !== '' && name !== 'ClientToken' && !TOLERATED.has(name))
  counted.sort(([a], [b]) => (a < b ? -1 : 1))
  return { action, clientToken, fingerprint: digest('sha256', JSON.stringify([action, counted])) }
}
