import { describe, expect, it } from 'vitest'
import { CreateCommand } from './CreateCommand.js'

type Request = Parameters<NonNullable<typeof CreateCommand.check>>[0]

const reason = (members: Partial<Request>) =>
  CreateCommand.check?.({ CommandContent: 'ZWNobyAxMjM=', Name: 'a', Type: 'RunShellScript', ...members }, {} as never)

describe('the script of CreateCommand', () => {
  it('is Base64 unless it is said to be PlainText', () => {
    expect(reason({})).toBeUndefined()
    expect(reason({ CommandContent: 'echo hello' })).toBe('CommandContent/malformed')
    expect(reason({ CommandContent: 'echo hello', ContentEncoding: 'plaintext' })).toBe('CommandContent/malformed')
    expect(reason({ CommandContent: 'echo hello', ContentEncoding: 'PlainText' })).toBeUndefined()
  })

  it('is measured in its Base64 form', () => {
    expect(reason({ CommandContent: 'a'.repeat(18_432), ContentEncoding: 'PlainText' })).toBeUndefined()
    expect(reason({ CommandContent: 'a'.repeat(18_433), ContentEncoding: 'PlainText' })).toBe('CommandContent/too-long')
  })
})
