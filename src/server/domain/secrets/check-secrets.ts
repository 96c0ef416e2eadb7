import type { Scope } from '../access/scope.js'
import { checkLength } from '../commands/custom-parameters.js'
import { bytesOfScript } from '../commands/custom-parameters.js'
import { Fault, someOf } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import { fillSecretsIn, secretNames } from './references.js'
import type { SecretUse } from './secret-use.js'

/** Different secrets in one script: each is a row of its own at each hand-out. */
const MOST_SECRETS = 50
/** What a name can be (CreateSecretParameter); a script may have any bytes there. */
const NAME = /^[A-Za-z0-9_-]{1,180}$/

/**
 * What a script that is submitted does with secrets: those that it refers to are there now, and it is not too long with
 * them. Faults: `parameters/secret-not-valid`, `parameters/too-many`, `command/content-too-long`.
 * @param script with its custom parameters
 */
export const checkSecrets = async (
  stores: UnitOfWork,
  scope: Scope,
  script: string,
  allowOnDisk: boolean,
): Promise<SecretUse> => {
  const names = secretNames(script)
  if (names.length === 0) return 'none'
  const malformed = names.filter((name) => !NAME.test(name))
  if (malformed.length > 0)
    throw new Fault('parameters/secret-not-valid', [], {
      detail: `No secret can have the name ${someOf(malformed.map(readable))}.`,
    })
  if (names.length > MOST_SECRETS) throw new Fault('parameters/too-many')
  const sizes = await stores.read.secrets.sizes(scope, names)
  const missing = names.filter((name) => !sizes.has(name))
  if (missing.length > 0)
    throw new Fault('parameters/secret-not-valid', [], { detail: `There is no secret ${someOf(missing)}.` })
  const placeholders = new Map(names.map((name) => [name, ' '.repeat(sizes.get(name) ?? 0)]))
  checkLength(fillSecretsIn(Buffer.from(script, 'latin1'), placeholders, new Map()).byteLength)
  return allowOnDisk ? 'allowed' : 'guarded'
}

/** Of a script each byte is a character: as the text that it was. */
const readable = (name: string): string => `“${Buffer.from(bytesOfScript(name)).toString()}”`
