// `{{oos-secret:name}}` and `{{oos:name}}` in a script with parameters, after its custom parameters were filled in. Both
// name a secret here: there is one store. Pure.
import { builtInOf, bytesOfScript, PLACEHOLDER, textOfScript } from '../commands/custom-parameters.js'

/** As agents read them: blanks do not count (agent-protocol.md §6.4). */
const REFERENCE = /^\s*(?:oos|oos-secret)\s*:/i

/** The name in a placeholder, `''` for none; undefined when that is not a reference to a secret. */
export const referenceOf = (inside: string): string | undefined => {
  const prefix = REFERENCE.exec(inside)?.[0]
  return prefix === undefined ? undefined : inside.slice(prefix.length).trim()
}

/** The secrets that a script refers to, each once; a name may be one that no secret can have. */
export const secretNames = (script: string): readonly string[] => {
  const names = new Set<string>()
  for (const [, inside = ''] of script.matchAll(PLACEHOLDER)) {
    const name = referenceOf(inside)
    if (name !== undefined) names.add(name)
  }
  return [...names]
}

/**
 * A script with its secrets. Built-in parameters are filled in at the same time: an agent would look for them, and for
 * references, in what the secrets brought.
 */
export const fillSecretsIn = (
  script: Uint8Array,
  secrets: ReadonlyMap<string, string>,
  builtIns: ReadonlyMap<string, string>,
): Uint8Array =>
  bytesOfScript(
    textOfScript(script).replace(PLACEHOLDER, (whole, inside: string) => {
      const secret = referenceOf(inside)
      const value = secret === undefined ? builtIns.get(builtInOf(inside) ?? '') : secrets.get(secret)
      return value === undefined ? whole : textOfScript(Buffer.from(value, 'utf8'))
    }),
  )

/** A script with a mark in the place of each secret. */
export const withoutSecrets = (script: Uint8Array): Uint8Array =>
  bytesOfScript(
    textOfScript(script).replace(PLACEHOLDER, (whole, inside: string) =>
      referenceOf(inside) === undefined ? whole : '***',
    ),
  )
