import { describe, expect, it } from 'vitest'
import { messages } from './index.js'

describe('the list of messages', () => {
  it('has every path once, all below /luban/api/', () => {
    const paths = Object.values(messages).map((message) => message.path)
    expect(new Set(paths).size).toBe(paths.length)
    expect(paths.every((path) => /^\/luban\/api\/[A-Za-z0-9_/-]+$/.test(path))).toBe(true)
  })

  it('leaves unsigned only what is sent without an identity', () => {
    const unsigned = Object.entries(messages).flatMap(([name, message]) => (message.signed ? [] : [name]))
    expect(unsigned).toEqual(['connectionDetect', 'register', 'metrics'])
  })

  it('has no answer that opens a session, whose limits and frames can crash an agent (trap 2)', () => {
    const answer = { code: 200, instanceId: 'mi-1', session: [{ channelId: 's-1' }] }
    expect(messages.sessionList.answer.decode(JSON.stringify(answer))).toMatchObject({ ok: false })
    expect(messages.taskList.answer.decode('{"session":[{}]}')).not.toHaveProperty('value.session')
  })

  it('has no answer that makes an agent install or run code (trap 12)', () => {
    expect(() => messages.updateCheck.answer.encode({ need_update: 1, next_interval: 1800 })).toThrow(TypeError)
    expect(messages.updateCheck.answer.decode('{"need_update":1}')).toMatchObject({ ok: false })
    expect(messages.pluginList.answer.decode('{"pluginList":[{"name":"x"}]}')).toMatchObject({ ok: false })
  })
})
