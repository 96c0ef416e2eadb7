import { describe, expect, it } from 'vitest'
import { RunCommand } from './RunCommand.js'

type Request = Parameters<NonNullable<typeof RunCommand.check>>[0]

const domain = {
  limits: {
    instancesPerInvocation: 100,
    instancesPerRollout: 10_000,
    instancesPerFileSend: 50,
    instancesPerStatusQuery: 100,
  },
} as Parameters<NonNullable<typeof RunCommand.check>>[1]

const request = (members: Partial<Request>): Request => ({
  CommandContent: 'echo 123',
  Type: 'RunShellScript',
  InstanceId: ['i-1'],
  ...members,
})

const reason = (members: Partial<Request>) => RunCommand.check?.(request(members), domain)

describe('the script of RunCommand', () => {
  it('is plain text when nothing or nothing known is said', () => {
    expect(reason({})).toBeUndefined()
    expect(reason({ ContentEncoding: 'hex' })).toBeUndefined()
  })

  it.each(['Base64', 'base64', 'BASE64'])('is decoded when it is said to be %s', (ContentEncoding) => {
    expect(reason({ ContentEncoding })).toBe('CommandContent/malformed')
    expect(reason({ ContentEncoding, CommandContent: 'ZWNobyAxMjM=' })).toBeUndefined()
  })

  it('is measured in its Base64 form, however it was sent', () => {
    expect(reason({ CommandContent: 'a'.repeat(18_432) })).toBeUndefined()
    expect(reason({ CommandContent: 'a'.repeat(18_433) })).toBe('CommandContent/too-long')
    expect(reason({ CommandContent: '你'.repeat(6_145) })).toBe('CommandContent/too-long')
    const encoded = Buffer.alloc(18_432, 'a').toString('base64')
    expect(reason({ CommandContent: encoded, ContentEncoding: 'Base64' })).toBeUndefined()
  })
})

describe('the permission of RunCommand', () => {
  it('is asked for each instance, and for commands when one is kept', () => {
    const { resources } = RunCommand.permission
    expect(resources(request({ InstanceId: ['i-1', 'i-2'] }))).toEqual(['instance/i-1', 'instance/i-2'])
    expect(resources(request({ KeepCommand: true }))).toEqual(['instance/i-1', 'command/*'])
    expect(resources({ ...request({}), InstanceId: undefined })).toEqual(['instance/*'])
  })
})
