// Signature 1.0 of the RPC style (rpc.md §1.3, §1.4): HMAC over the method and every parameter, in Base64.
import { equalTexts } from './equal-texts.js'
import type { HmacKey } from './hmac-key.js'
import { percentEncodeTwice } from './percent-encode.js'
import { sortedNames } from './sorted-names.js'

/** Hashes by the name that `SignatureMethod` gives them. */
export const V1_HASHES: ReadonlyMap<string, string> = new Map([
  ['HMAC-SHA1', 'sha1'],
  ['HMAC-SHA256', 'sha256'],
])

/**
 * @param parameters decoded, of query and body, the body's value where both have one
 * @param withEmpty whether parameters without a value are part of it
 */
export const v1StringToSign = (method: string, parameters: ReadonlyMap<string, string>, withEmpty: boolean): string => {
  let canonical = ''
  for (const name of sortedNames(parameters.keys())) {
    const value = parameters.get(name) ?? ''
    if (name === 'Signature' || (value === '' && !withEmpty)) continue
    // The canonical query is encoded once more as a whole: = becomes %3D, & becomes %26.
    if (canonical !== '') canonical += '%26'
    canonical += `${percentEncodeTwice(name)}%3D${percentEncodeTwice(value)}`
  }
  return `${method}&%2F&${canonical}`
}

/** @param key the secret and an ampersand */
export const v1Signature = (hash: string, key: HmacKey, stringToSign: string): string =>
  key.sign(hash, stringToSign, 'base64')

/**
 * Undefined for a good signature, else the string to sign. Two dialects are good: most clients sign parameters without
 * a value, two old ones send them and leave them out (rpc.md §1.4).
 */
export const v1Mismatch = (
  method: string,
  parameters: ReadonlyMap<string, string>,
  hash: string,
  key: HmacKey,
  given: string,
): string | undefined => {
  const stringToSign = v1StringToSign(method, parameters, true)
  if (equalTexts(v1Signature(hash, key, stringToSign), given)) return undefined
  const withoutEmpty = v1StringToSign(method, parameters, false)
  if (withoutEmpty !== stringToSign && equalTexts(v1Signature(hash, key, withoutEmpty), given)) return undefined
  return stringToSign
}
