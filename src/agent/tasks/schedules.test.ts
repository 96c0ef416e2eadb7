import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOpened, finalOf, finalsOf, runTask, scriptTask, startedAgent, stopTask, until } from '../_support.js'

const opened = createOpened()
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openassist-schedule-'))
})
afterEach(async () => {
  await opened.closeAll()
  await rm(folder, { recursive: true, force: true })
})

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString().slice(0, 19)
const EVERY_SECOND = { kind: 'Period', cron: '* * * * * *' } as const

describe('a schedule', () => {
  it('runs its script each time it is due, one report of start and one of end each', async () => {
    const { server } = await startedAgent(opened)
    server.handOut(scriptTask('t-1', `echo x >> ${folder}/log; echo said`, { repeat: EVERY_SECOND }))
    await until('three runs', () => server.of('taskFinish', 't-1').length >= 3)
    const ends = server.of('taskFinish', 't-1').slice(0, 3)
    const starts = ends.map(({ query }) => Number(query['start']))
    expect(new Set(starts).size).toBe(3)
    for (const { query, body } of ends) {
      expect(query).toMatchObject({ exitCode: 0, dropped: 0 })
      expect(body.toString()).toBe('said\n')
    }
    for (const start of starts) {
      expect(server.of('taskRunning', 't-1').filter(({ query }) => query['start'] === start)).toHaveLength(1)
    }
  })

  it('at a time runs once, and says nothing more', async () => {
    const { server } = await startedAgent(opened)
    server.handOut(scriptTask('t-1', 'echo once', { repeat: { kind: 'At', cron: `at(${inSeconds(5)})` } }))
    expect((await finalOf(server, 't-1')).endpoint).toBe('taskFinish')
    await runTask(server, scriptTask('t-2', 'true'))
    expect(finalsOf(server, 't-1')).toHaveLength(1)
  })

  it('that has no next time says that it is completed, behind its last run', async () => {
    const { server } = await startedAgent(opened)
    const at = new Date(Date.now() + 5_000)
    const cron = `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} ? ${at.getUTCFullYear()} UTC`
    server.handOut(scriptTask('t-1', 'exit 3', { repeat: { kind: 'Period', cron } }))
    await until('its end', () => server.of('taskStopped', 't-1').length > 0)
    const ends = finalsOf(server, 't-1')
    expect(ends.map(({ endpoint }) => endpoint).sort()).toEqual(['taskFinish', 'taskStopped'])
    expect(server.of('taskFinish', 't-1')[0]?.query).toMatchObject({ exitCode: 3 })
    expect(server.of('taskStopped', 't-1')[0]?.query).toMatchObject({ result: 'completed' })
  })

  it('skips what is due while it runs', async () => {
    const { server } = await startedAgent(opened)
    const script = `echo x >> ${folder}/log; while [ ! -e ${folder}/go ]; do sleep 0.1; done`
    server.handOut(scriptTask('t-1', script, { repeat: EVERY_SECOND }))
    await until('its start', () => existsSync(join(folder, 'log')))
    // It is due again and again meanwhile.
    const later = Date.now() + 2_500
    await until('two more times at which it is due', () => Date.now() > later)
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('x\n')
    expect(server.of('taskRunning', 't-1').filter(({ body }) => body.length === 0)).toHaveLength(1)
    await writeFile(join(folder, 'go'), '')
    await until('the next run', () => server.of('taskFinish', 't-1').length >= 2)
  })

  it('is stopped with the run that is under way, and does not run again', async () => {
    const { server } = await startedAgent(opened)
    server.handOut(scriptTask('t-1', `echo x >> ${folder}/log; echo begun; sleep 600`, { repeat: EVERY_SECOND }))
    await until('its start', () => server.of('taskRunning', 't-1').length > 0 && existsSync(join(folder, 'log')))
    server.waiting.stop.push(stopTask('t-1', EVERY_SECOND))
    server.kick('kick_vm')
    const { endpoint, query } = await finalOf(server, 't-1')
    expect(endpoint).toBe('taskStopped')
    expect(Number(query['start'])).toBeGreaterThan(0)
    server.handOut(scriptTask('t-2', 'sleep 1.2; true'))
    await finalOf(server, 't-2')
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('x\n')
  })

  it('that waits is stopped with the times of its last run', async () => {
    const { server } = await startedAgent(opened)
    const rate = { kind: 'Rate', cron: 'rate(1h)' } as const
    server.handOut(scriptTask('t-1', 'true', { repeat: rate }))
    server.waiting.stop.push(stopTask('t-1', rate))
    server.kick('kick_vm')
    expect((await finalOf(server, 't-1')).query).toMatchObject({ start: 0, end: 0, result: 'killed' })
  })

  it('is the same when it comes again, and another one in another version', async () => {
    const { server } = await startedAgent(opened)
    const hourly = scriptTask('t-1', `echo old >> ${folder}/log`, { repeat: { kind: 'Rate', cron: 'rate(1h)' } })
    const often = scriptTask('t-1', `echo new >> ${folder}/log`, { repeat: EVERY_SECOND })
    // The same version: the one that is known stays.
    server.handOut(hourly, often)
    server.handOut(scriptTask('t-2', 'sleep 1.2; true'))
    await finalOf(server, 't-2')
    expect(existsSync(join(folder, 'log'))).toBe(false)
    server.handOut({ ...often, task: { ...often.task, invokeVersion: 2 } })
    const written = (): string => (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '')
    await until('a run of it', () => written() !== '')
    expect(written()).toMatch(/^(new\n)+$/)
  })

  it('in another version waits for a run under way, which ends as what it is', async () => {
    const { server } = await startedAgent(opened)
    const wait = `echo old; while [ ! -e ${folder}/go ]; do sleep 0.1; done`
    server.handOut(scriptTask('t-1', wait, { repeat: EVERY_SECOND }))
    await until('a run of it', () => server.of('taskRunning', 't-1').length > 0)
    server.handOut(scriptTask('t-1', 'echo new', { repeat: EVERY_SECOND, version: 2 }))
    await runTask(server, scriptTask('t-2', 'sleep 1.2; true'))
    expect(server.of('taskFinish', 't-1')).toEqual([])
    await writeFile(join(folder, 'go'), '')
    await until('runs of both', () => server.of('taskFinish', 't-1').length >= 2)
    const [before, after] = server.of('taskFinish', 't-1')
    expect([before?.query['invokeVersion'], before?.query['exitCode']]).toEqual([1, 0])
    expect([after?.query['invokeVersion'], after?.body.toString()]).toEqual([2, 'new\n'])
  })
})
