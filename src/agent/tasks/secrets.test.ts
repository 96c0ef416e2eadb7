import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createOpened,
  finalOf,
  registeredHost,
  runTask,
  scriptTask,
  startedAgent,
  startFakeServer,
  until,
} from '../_support.js'
import { thisPlatform } from '../platform/this-platform.js'
import { startAgent } from '../start-agent.js'
import { stageTask } from '../state/staged-tasks.js'

// Scripts with secrets in them: where they lie while they run, and what is left of them.

const SECRET = 'tops3cret-value'
const isRoot = process.geteuid?.() === 0
const opened = createOpened()
afterEach(() => opened.closeAll())

/** Files below a folder that hold the secret. */
const holding = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = []
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name)
    const text = await stat(path)
      .then((entry) => (entry.isFile() ? readFile(path, 'latin1') : ''))
      .catch(() => '')
    if (text.includes(SECRET)) found.push(name)
  }
  return found
}

const memory = await thisPlatform().memoryFolder()

describe.skipIf(memory === undefined)('a script with secrets', () => {
  it('lies in memory, for its user alone, and nowhere in the folder of the agent', async () => {
    const { server, stateDir } = await startedAgent(opened)
    const script = `# ${SECRET}\necho "$0"; ls -l "$0" | cut -c1-10; read -r _ < wait`
    const change = { secrets: [SECRET], workingDirectory: await opened.folder() }
    server.handOut(scriptTask('t-1', `mkfifo wait; ${script}`, change))
    const path = await until('the script to run', () => /^\/.*\.sh$/m.exec(server.outputOf('t-1').toString())?.[0])
    expect(path.startsWith(`${memory}/openassist-task-`)).toBe(true)
    expect(server.outputOf('t-1').toString()).toContain('-rwx------')
    expect(await holding(stateDir)).toEqual([])
    expect(await readFile(path, 'utf8')).toContain(SECRET)
    await writeFile(join(change.workingDirectory, 'wait'), '\n')
    expect((await finalOf(server, 't-1')).query).toMatchObject({ exitCode: 0 })
    await until('it and its folder to be gone', () =>
      stat(dirname(path)).then(
        () => false,
        () => true,
      ),
    )
  })

  it.runIf(isRoot)('is for another user alone, too', async () => {
    const { server } = await startedAgent(opened)
    const script = `# ${SECRET}\nid -un; ls -l "$0" | cut -d' ' -f1,3; case "$0" in ${memory}/*) echo in memory; esac`
    await runTask(server, scriptTask('t-1', script, { secrets: [SECRET], username: 'daemon' }))
    expect(server.outputOf('t-1').toString()).toBe('daemon\n-rwx------ daemon\nin memory\n')
  })

  it('is started by a launcher', async () => {
    const { server } = await startedAgent(opened)
    const change = { secrets: [SECRET], launcher: ['sh', '{{ACS::ScriptFileName}}', 'x'], scriptExtension: '.py' }
    await runTask(server, scriptTask('t-1', `echo "\${0##*.} $1 ${SECRET}"`, change))
    expect(server.outputOf('t-1').toString()).toBe('py x ***\n')
  })

  it('is removed after a process that died', async () => {
    const { server, stateDir, host } = await startedAgent(opened)
    await host.stop()
    const outsideFolder = `${memory}/openassist-task-left-${process.pid}`
    await mkdir(outsideFolder)
    await writeFile(join(outsideFolder, 'script.sh'), SECRET)
    const left = { taskId: 't-9', invokeVersion: 1, token: 'none', outsideFolder, scriptName: 'script.sh' }
    await stageTask(join(stateDir, 'tasks'), 't-9.iv1', left)
    const again = opened.add(await startAgent({ stateDir }))
    await again.ready
    expect(server.sockets.size).toBe(1)
    await expect(stat(outsideFolder)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('what a script with secrets writes', () => {
  it('leaves the host without them, however it is cut', async () => {
    const { server } = await startedAgent(opened)
    const script = `printf 'a tops3'; sleep 1.5; printf 'cret-value b\\n'; echo ${SECRET} | tr a-z A-Z; printf tops3`
    await runTask(server, scriptTask('t-1', script, { secrets: [SECRET] }))
    expect(server.outputOf('t-1').toString()).toBe('a *** b\nTOPS3CRET-VALUE\n***')
    for (const { body } of server.received) expect(body.toString()).not.toContain(SECRET)
  })

  it('is kept on the disk without them while no server takes the report', async () => {
    const server = opened.add(await startFakeServer())
    const stateDir = await opened.folder()
    await registeredHost(server, stateDir)
    server.answer = ({ endpoint }) => (endpoint === 'taskFinish' ? { status: 503 } : undefined)
    const host = opened.add(await startAgent({ stateDir }))
    await host.ready
    server.handOut(scriptTask('t-1', `echo this is ${SECRET}`, { secrets: [SECRET] }))
    const [name = ''] = await until('the result to be kept', async () => {
      const kept = (await readdir(join(stateDir, 'results'))).filter((entry) => entry.includes('t-1'))
      return kept.length > 0 && kept
    })
    expect(await readFile(join(stateDir, 'results', name), 'utf8')).toContain('this is ***')
    expect(await holding(stateDir)).toEqual([])
  })

  it('of a schedule is without them, and the schedule is in memory only', async () => {
    const { server, stateDir } = await startedAgent(opened)
    const repeat = { kind: 'Period', cron: '* * * * * ?' } as const
    server.handOut(scriptTask('t-1', `echo run ${SECRET}`, { secrets: [SECRET], repeat }))
    await finalOf(server, 't-1')
    expect(server.outputOf('t-1').toString()).toMatch(/^(?:run \*\*\*\n)+$/)
    expect(await holding(stateDir)).toEqual([])
  })
})
