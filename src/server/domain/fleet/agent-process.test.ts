import { describe, expect, it } from 'vitest'
import { isSameProcess, processIdentity } from './agent-process.js'
import type { Heartbeat } from './agents.js'

const beat = (pid: number, agentTime: number, processUptimeMs: number): Heartbeat => ({
  osType: 'Linux',
  agentVersion: '2.2.3.578',
  pid,
  agentTime,
  processUptimeMs,
  uptimeMs: undefined,
  coldStart: undefined,
  osVersion: undefined,
})

describe("the identity of an agent's process", () => {
  it('stays what it was from beat to beat, whichever of the two clocks jumps', () => {
    const first = processIdentity(beat(7, 1_000_000, 500), '', 2_000_000)!
    expect(processIdentity(beat(7, 1_060_010, 60_500), first, 2_060_000)).toBe(first)
    expect(processIdentity(beat(7, 9_000_000, 120_500), first, 2_120_000)).toBe(first)
    expect(processIdentity(beat(7, 1_180_000, 180_500), first, 9_000_000)).toBe(first)
  })

  it('is another one with another pid, or a start that is far from the known one on both clocks', () => {
    const first = processIdentity(beat(7, 1_000_000, 500), '', 2_000_000)!
    expect(isSameProcess(processIdentity(beat(8, 1_000_010, 510), first, 2_000_010)!, first)).toBe(false)
    expect(isSameProcess(processIdentity(beat(7, 1_060_000, 100), first, 2_060_000)!, first)).toBe(false)
  })

  it('is recognised by a server that forgot it and learns it anew', () => {
    const before = processIdentity(beat(7, 1_000_000, 500), '', 2_000_000)!
    const learned = processIdentity(beat(7, 1_030_003, 30_500), '', 2_030_041)!
    expect(learned).not.toBe(before)
    expect(isSameProcess(learned, before)).toBe(true)
  })

  it('is nothing that an unknown process could be the same as', () => {
    const one = processIdentity(beat(7, 1_000_000, 500), '', 2_000_000)!
    expect(isSameProcess('', one)).toBe(false)
    expect(isSameProcess(one, '')).toBe(false)
  })
})
