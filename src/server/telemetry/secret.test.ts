import { format, inspect } from 'node:util'
import { expect, it } from 'vitest'
import { Secret } from './secret.js'

it('prints as [secret] wherever it is printed, and reveals itself only when asked', () => {
  const secret = new Secret('hunter2')
  const printed = [
    String(secret),
    `${secret as unknown as string}`,
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, secret, secret),
    Object.values(secret).join(),
  ].join(' ')
  expect(printed).not.toContain('hunter2')
  expect(printed).toContain('[secret]')
  expect(secret.reveal()).toBe('hunter2')
})
