import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { linuxPlatform } from './linux.js'
import { interpreter, scriptCommand } from './script-command.js'
import { lookUpUser, parsePasswdLine } from './users.js'

describe('the first line of a script', () => {
  it('names its interpreter and one argument, as Linux reads it', () => {
    expect(interpreter('#!/bin/bash')).toEqual(['/bin/bash'])
    expect(interpreter('#! /usr/bin/env  python3 -u  ')).toEqual(['/usr/bin/env', 'python3 -u'])
    expect(interpreter('#!/bin/awk -f')).toEqual(['/bin/awk', '-f'])
    for (const none of ['', 'echo hi', '#!', '#!   ', '# !/bin/bash', ' #!/bin/bash']) {
      expect(interpreter(none)).toEqual(['/bin/sh'])
    }
  })

  it('never becomes part of a command line for a shell', () => {
    const { file, args } = scriptCommand('/a b/$(x).sh', '#!/bin/sh;reboot')
    expect(file).toBe('/bin/sh')
    expect(args).toEqual(['-c', 'exec "$0" "$@"', '/bin/sh;reboot', '/a b/$(x).sh'])
  })
})

describe('a user', () => {
  it('is found by its exact name', async () => {
    const lookup = await lookUpUser('daemon')
    expect(lookup).toMatchObject({ found: true, user: { name: 'daemon', uid: 1, gid: 1 } })
  })

  it('of root’s id or group is refused, by whatever name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openassist-test-'))
    try {
      const file = join(folder, 'passwd')
      await writeFile(file, 'toor:x:0:500::/:/bin/sh\nwheel:x:500:0::/:/bin/sh\nann:x:501:501:Ann:/home/ann:/bin/sh\n')
      for (const name of ['toor', 'wheel']) {
        expect(await lookUpUser(name, file)).toEqual({ found: false, cause: 'invalid uid and gid' })
      }
      expect(await lookUpUser('ann', file)).toMatchObject({ found: true, user: { uid: 501, home: '/home/ann' } })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is never an id, an option, a line or a word for a shell', async () => {
    for (const name of ['', '0', '1000', '-1', '--help', 'a:b', 'a\nb', 'a b', 'x'.repeat(300), 'a\0b']) {
      expect(await lookUpUser(name)).toEqual({ found: false, cause: 'not a user name' })
    }
    for (const name of ['$(id)', ';reboot', 'no-such-user-here']) {
      expect(await lookUpUser(name)).toEqual({ found: false, cause: 'no such user' })
    }
  })

  it('has whole numbers for ids', () => {
    expect(parsePasswdLine('a:x:1:2:c:/h:/s')).toEqual({ name: 'a', uid: 1, gid: 2, home: '/h' })
    for (const line of ['a:x:1', 'a:x:-1:2:c:/h:/s', 'a:x:1e3:2:c:/h:/s', ':x:1:2:c:/h:/s']) {
      expect(parsePasswdLine(line)).toBeUndefined()
    }
  })
})

describe('this host', () => {
  it('knows its zone without asking for the runtime’s', async () => {
    const before = process.env['TZ']
    try {
      for (const [zone, name] of [
        ['Asia/Shanghai', 'Asia/Shanghai'],
        [':Europe/Berlin', 'Europe/Berlin'],
        ['/usr/share/zoneinfo/Asia/Tokyo', 'Asia/Tokyo'],
        ['CET-1CEST,M3.5.0,M10.5.0', 'UTC'],
      ]) {
        process.env['TZ'] = zone
        expect(await linuxPlatform().timeZone()).toBe(name)
      }
    } finally {
      if (before === undefined) delete process.env['TZ']
      else process.env['TZ'] = before
    }
  })

  it('tells this process from any other', () => {
    const platform = linuxPlatform()
    expect(platform.processMark(process.pid)).toBe(platform.processMark(process.pid))
    expect(platform.processMark(process.pid)).not.toBe(platform.processMark(process.ppid))
    expect(platform.processMark(4_194_305)).toBeUndefined()
  })
})
