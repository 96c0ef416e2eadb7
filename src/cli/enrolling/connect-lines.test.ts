import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { ownAgentLines, type Permit, vendorAgentLines } from './connect-lines.js'

const permit: Permit = {
  server: 'assist.example.com:8443',
  regionId: 'cn-hangzhou',
  activationId: 'e5f8b2a0-3c55-4a41-9d2f-6c1b6f0f0f11',
  activationCode: 'a-hz012345',
  ca: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
  isNamed: false,
  tags: [
    { name: 'role', value: "web 'front'" },
    { name: 'new', value: undefined },
  ],
}

/** Runs lines in a shell where a program only shows the words it was given. */
const wordsGiven = (program: string, lines: readonly string[]): readonly string[] => {
  const only = lines.filter((line) => line.includes(`${program} `) && !line.startsWith('#')).slice(0, 1)
  const { stdout, status } = spawnSync('sh', ['-c', `${program}() { printf '%s\\n' "$@"; }\nca=CA\n${only.join('\n')}`])
  expect(status).toBe(0)
  return stdout.toString().trimEnd().split('\n')
}

describe('lines that connect a host', () => {
  it('tell our agent its tags, whatever is in them', () => {
    const words = wordsGiven('openassist', ownAgentLines(permit))
    expect(words.slice(0, 2)).toEqual(['agent', 'register'])
    expect(words.slice(-6)).toEqual(['--tag', "role=web 'front'", '--tag', 'new=', '--ca-file', 'CA'])
  })

  it('tell the vendor’s agent its tags', () => {
    const words = wordsGiven(
      'aliyun_service',
      vendorAgentLines(permit).map((line) => line.replace('aliyun-service', 'aliyun_service')),
    )
    expect(words.slice(0, 3)).toEqual(['--register', '--RegionId', 'cn-hangzhou'])
    expect(words.slice(-4)).toEqual(['--tag', "role=web 'front'", '--tag', 'new='])
  })

  it('are read by a shell to the end, the CA in them', () => {
    for (const lines of [ownAgentLines(permit), vendorAgentLines(permit)]) {
      expect(spawnSync('sh', ['-n'], { input: lines.join('\n') }).status).toBe(0)
      expect(lines).toContain('-----BEGIN CERTIFICATE-----')
    }
  })
})
