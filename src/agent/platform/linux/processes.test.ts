import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../_support.js'
import { TREE_TOKEN } from '../platform.js'
import { killTree, parseStat, readProcess } from './processes.js'

let folder = ''
const started: ChildProcess[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openassist-test-'))
})
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

const startTree = (script: string, token: string): number => {
  const child = spawn('sh', ['-c', script], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [TREE_TOKEN]: token },
  })
  started.push(child)
  return child.pid!
}

/** Process ids that scripts wrote into files of the folder. */
const pidIn = (name: string): Promise<number> =>
  until(`the process id in ${name}`, async () => Number(await readFile(join(folder, name), 'utf8').catch(() => '0')))

const isAlive = (pid: number): boolean => readProcess(pid)?.zombie === false

describe('a process tree', () => {
  it('is killed with grandchildren, children in a session of their own, and ones whose parent is gone', async () => {
    const leader = startTree(
      `(sleep 600 & echo $! > grandchild; wait) &
       setsid sh -c 'echo $$ > session; exec sleep 600' &
       setsid sh -c 'sh -c "echo \\$\\$ > orphan; exec sleep 600" & echo $! > /dev/null' &
       sleep 600`,
      'token-1',
    )
    const pids = [leader, await pidIn('grandchild'), await pidIn('session'), await pidIn('orphan')]
    await until('the orphan to lose its parent', () => isAlive(pids[3]!) && readProcess(pids[3]!)!.group !== leader)
    expect(pids.map(isAlive)).toEqual([true, true, true, true])
    expect(await killTree(leader, 'token-1')).toBeGreaterThanOrEqual(4)
    await until('all to be dead', () => !pids.some(isAlive))
  })

  it('is found by its token alone when its leader is gone', async () => {
    const leader = startTree(`sh -c 'echo $$ > child; exec sleep 600' & exit 0`, 'token-2')
    const child = await pidIn('child')
    await until('the leader to end', () => !isAlive(leader))
    expect(isAlive(child)).toBe(true)
    expect(await killTree(undefined, 'token-2')).toBe(1)
    await until('it to be dead', () => !isAlive(child))
  })

  it('dies even when it forks faster than one look', async () => {
    const script = 'grow() { while :; do sleep 600 & touch $1-$!; sleep 0.01; done; }; grow a & grow b & grow c'
    const leader = startTree(script, 'token-3')
    await until('it to grow', async () => (await readdir(folder)).length > 20)
    expect(await killTree(leader, 'token-3')).toBeGreaterThan(20)
    expect(await killTree(leader, 'token-3')).toBe(0)
  })

  it('leaves everybody else alone', async () => {
    const other = startTree('exec sleep 600', 'token-4')
    expect(await killTree(undefined, 'token-5')).toBe(0)
    expect(isAlive(other)).toBe(true)
    expect(await killTree(other, 'token-4')).toBe(1)
  })
})

describe('/proc/<pid>/stat', () => {
  it('is read whatever the program calls itself', () => {
    const rest = '5 6 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1'
    expect(parseStat(`42 (a) b (c) S ${rest}`)).toEqual({
      pid: 42,
      parent: 5,
      group: 6,
      session: 7,
      startTicks: 4711,
      zombie: false,
    })
    expect(parseStat('nonsense')).toBeUndefined()
  })

  it('tells a zombie', () => {
    expect(parseStat('1 (x) Z 5 6 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1')?.zombie).toBe(true)
  })
})
