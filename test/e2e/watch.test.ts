import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN, Workplace } from './_cli-support.js'

// `status --watch` on a terminal: one that `script` makes.

const SCRIPT = '/usr/bin/script'
const CTRL_C = '\u0003'

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => place[Symbol.asyncDispose]())

describe.runIf(existsSync(SCRIPT))('openassist status --watch', () => {
  it('draws what changes, bears a server that is away, and gives the terminal back at Ctrl-C', async () => {
    const server = await place.serve()
    const { agent, instanceId } = await place.enrol('agent')
    const watching = place.start(
      SCRIPT,
      ['-qec', `stty rows 24 cols 120; exec '${process.execPath}' '${BIN}' status --watch --interval 1`, '/dev/null'],
      { moreInput: true, env: { TERM: 'xterm' } },
    )
    await watching.said(/1 host: 1 live/)
    expect(watching.out()).toContain('\u001b[?1049h\u001b[?25l')
    expect(watching.out()).toContain(instanceId)
    agent.child.kill('SIGTERM')
    await watching.said(/1 host: 0 live, 1 beats but cannot be reached/)
    server.child.kill('SIGTERM')
    await watching.said(/nothing listens at/)
    watching.child.stdin?.write(CTRL_C)
    const { code, out } = await watching.ended
    expect(code).toBe(0)
    expect(out.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
  })
})
