import { describe, expect, it } from 'vitest'
import { scriptTask } from '../_support.js'
import { linuxPlatform } from '../platform/linux/linux.js'
import type { Platform } from '../platform/platform.js'
import { check } from './check.js'

const as = (name: string, uid: number): Platform => ({
  ...linuxPlatform(),
  canSwitchUser: uid === 0,
  ownUser: () => ({ name, uid, gid: uid, home: '/' }),
})

describe.runIf(process.platform === 'linux')('the user of a script', () => {
  it.each([
    ['root', 0, 'root', undefined],
    ['root', 0, '', undefined],
    ['nobody', 65_534, '', undefined],
    ['nobody', 65_534, 'nobody', undefined],
    ['nobody', 65_534, 'root', 'UserInvalid_root: the agent does not run as root'],
    ['nobody', 65_534, 'daemon', 'UserInvalid_daemon: the agent does not run as root'],
    ['root', 0, 'ROOT', 'UserInvalid_ROOT: no such user'],
    ['root', 0, 'System', 'UserInvalid_System: no such user'],
  ])('of an agent that runs as %s (%i), named "%s": %s', async (own, uid, username, refusal) => {
    const { task, output, repeat } = scriptTask('t-1', 'true', { username, workingDirectory: '/' })
    const checked = check({ task, output, repeat }, 'mi-1', { platform: as(own, uid), containerSockets: [] })
    if (refusal === undefined) expect((await checked).user).toBeUndefined()
    else await expect(checked).rejects.toMatchObject({ end: { kind: 'invalid', value: refusal } })
  })
})
