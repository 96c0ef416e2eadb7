import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { RunAsUser, UserLookup } from '../platform.js'

const LOOKUP_TIMEOUT_MS = 10_000

/** Parses one line of the user database: `name:password:uid:gid:comment:home:shell`. */
export const parsePasswdLine = (line: string): RunAsUser | undefined => {
  const [name, , uid, gid, , home] = line.split(':')
  if (name === undefined || name === '' || uid === undefined || gid === undefined || home === undefined)
    return undefined
  if (!/^\d{1,10}$/.test(uid) || !/^\d{1,10}$/.test(gid)) return undefined
  return { name, uid: Number(uid), gid: Number(gid), home }
}

const findIn = (text: string, name: string): RunAsUser | undefined => {
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}:`)) continue
    const user = parsePasswdLine(line)
    if (user !== undefined) return user
  }
  return undefined
}

/** A colon would end the name, a number would be looked up as an id. */
const isName = (name: string): boolean => /^[^\s:\p{C}-][^\s:\p{C}]{0,254}$/u.test(name) && !/^\d+$/.test(name)

/** Users of other sources than the local file (a directory service, …), through the system's own look-up. */
const askGetent = (database: 'passwd' | 'group', name: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(
      'getent',
      ['--', database, name],
      { timeout: LOOKUP_TIMEOUT_MS, maxBuffer: 64 * 1024, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } },
      (error, stdout) => resolve(error === null ? stdout : ''),
    )
  })

/**
 * Finds a user whose name is exactly this one. Root and the group of root are refused as the vendor's agent refuses
 * them (agent-protocol.md §6.3): an agent that runs as root needs no look-up for it.
 */
export const lookUpUser = async (name: string, passwdFile = '/etc/passwd'): Promise<UserLookup> => {
  if (!isName(name)) return { found: false, cause: 'not a user name' }
  const local = findIn(await readFile(passwdFile, 'utf8').catch(() => ''), name)
  const user = local ?? findIn(await askGetent('passwd', name), name)
  if (user === undefined) return { found: false, cause: 'no such user' }
  if (user.uid === 0 || user.gid === 0) return { found: false, cause: 'invalid uid and gid' }
  return { found: true, user }
}

/** The third member of a line is the id, of users as of groups. */
const idIn = (text: string, name: string): number | undefined => {
  for (const line of text.split('\n')) {
    const [found, , id] = line.split(':')
    if (found === name && id !== undefined && /^\d{1,10}$/.test(id)) return Number(id)
  }
  return undefined
}

/** Id of a user or of a group of exactly this name, root too. */
export const findAccount = async (kind: 'user' | 'group', name: string): Promise<number | undefined> => {
  if (!isName(name)) return undefined
  const database = kind === 'user' ? 'passwd' : 'group'
  const local = idIn(await readFile(`/etc/${database}`, 'utf8').catch(() => ''), name)
  return local ?? idIn(await askGetent(database, name), name)
}
