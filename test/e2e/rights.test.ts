import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Workplace } from './_cli-support.js'

// Folders that a user may not write to. Root may write everywhere, so these need root to become somebody else.

const NOBODY = 65_534

let place: Workplace
beforeEach(() => {
  place = new Workplace()
})
afterEach(async () => place[Symbol.asyncDispose]())

describe.runIf(process.getuid?.() === 0)('an ordinary user', () => {
  it('is told whose the data directory of a server is', async () => {
    const data = join(place.folder, 'data')
    mkdirSync(data, { mode: 0o755 })
    const refused = await place.run(['serve'], { uid: NOBODY })
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toBe(
      `openassist: the server cannot start: The data directory ${data} cannot be written. It belongs to user 0, and ` +
        `this is user ${NOBODY}. Start the server as the user that it belongs to, give it to this one (chown -R), or ` +
        'choose another with --data.\n',
    )
    chownSync(data, NOBODY, NOBODY)
    writeFileSync(join(data, 'facts.sqlite'), '', { mode: 0o600 })
    const { err } = await place.run(['serve'], { uid: NOBODY })
    expect(err).toContain(`cannot be written: ${join(data, 'facts.sqlite')}. It belongs to user 0`)
  })

  it('is told where an agent may keep its state', async () => {
    const state = join(place.folder, 'state')
    mkdirSync(state, { mode: 0o755 })
    chmodSync(state, 0o755)
    const words = ['--server', 'localhost:1', '--activation-id', 'a', '--activation-code', 'c', '--state-dir']
    for (const folder of [state, join(state, 'below')]) {
      const { code, err } = await place.run(['agent', 'register', ...words, folder], { uid: NOBODY })
      expect(code).toBe(1)
      expect(err).toContain(`this user may not keep the agent's state in ${folder}: it belongs to somebody else.`)
      expect(err).toContain('choose another folder: --state-dir DIR.')
    }
    const { err } = await place.run(['agent', 'run', '--state-dir', state], { uid: NOBODY })
    expect(err).toContain(`may not keep the agent's state in ${state}`)
  })
})
