import { readFileSync } from 'node:fs'
import { access, constants, readFile, readlink, statfs } from 'node:fs/promises'
import { arch, hostname, machine, networkInterfaces, uptime, userInfo, version } from 'node:os'
import type { HostFacts, Platform, RunAsUser } from '../platform.js'
import { openOutputPipe } from './output-pipe.js'
import { killTree, readProcess } from './processes.js'
import { launchCommand, scriptCommand } from './script-command.js'
import { findAccount, lookUpUser } from './users.js'

const MACHINE_ID_FILES = ['/var/lib/dbus/machine-id', '/etc/machine-id', '/sys/class/dmi/id/product_uuid']

const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64' }

export const linuxPlatform = (): Platform => ({
  canSwitchUser: process.geteuid?.() === 0,
  ownUser,
  lookUpUser: (name) => lookUpUser(name),
  findAccount: (kind, name) => findAccount(kind, name),
  hostFacts,
  memoryFolder,
  async machineId() {
    for (const file of MACHINE_ID_FILES) {
      const id = (await readFile(file, 'utf8').catch(() => '')).trim()
      if (/^[0-9A-Za-z-]{1,64}$/.test(id)) return id
    }
    return ''
  },
  bootId: async () => bootId(),
  timeZone,
  uptimeMs: () => Math.round(uptime() * 1000),
  processMark(pid) {
    const found = readProcess(pid)
    return found === undefined || found.zombie ? undefined : `${bootId()}:${found.startTicks}`
  },
  openOutputPipe,
  scriptCommand,
  launchCommand,
  killTree: ({ leader, token }) => killTree(leader, token),
})

const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return ''
  }
}

const MEMORY_FOLDER = '/dev/shm'
/** `TMPFS_MAGIC` of Linux. */
const TMPFS = 0x01021994

const memoryFolder = async (): Promise<string | undefined> => {
  try {
    await access(MEMORY_FOLDER, constants.W_OK | constants.X_OK)
    return (await statfs(MEMORY_FOLDER)).type === TMPFS ? MEMORY_FOLDER : undefined
  } catch {
    return undefined
  }
}

/** Asking the runtime instead would load its language data, 9 MB of memory. */
const timeZone = async (): Promise<string> => {
  const named = process.env['TZ']?.replace(/^:/, '') ?? (await readlink('/etc/localtime').catch(() => ''))
  const zone = named.replace(/^.*\/zoneinfo\/(?:posix\/|right\/)?/, '')
  return /^[A-Za-z][A-Za-z0-9+_-]*(?:\/[A-Za-z0-9+_-]+)*$/.test(zone) ? zone : 'UTC'
}

const ownUser = (): RunAsUser => {
  const uid = process.geteuid?.() ?? -1
  const gid = process.getegid?.() ?? -1
  try {
    const { username, homedir } = userInfo()
    return { name: username, uid, gid, home: homedir }
  } catch {
    // A user id without an entry, as in many containers.
    return { name: '', uid, gid, home: process.env['HOME'] ?? '' }
  }
}

const hostFacts = (): HostFacts => ({
  osType: 'Linux',
  architecture: GO_ARCHITECTURES[arch()] ?? arch(),
  osVersion: `Linux_${version()}_${machine()}`,
  hostname: hostname(),
  intranetIp: firstAddress(),
})

const firstAddress = (): string => {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) {
      if (family === 'IPv4' && !internal) return address
    }
  }
  return ''
}
