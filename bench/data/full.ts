// What a server would hold after years: a directory with many hosts and the tasks of many invocations.
import { cpSync } from 'node:fs'
import { sqliteFiles } from '../../src/server/storage/sqlite/database.js'
import { kept } from './directory.js'
import { seedHosts, seedTasks, TASKS_PER_INVOCATION } from './seed.js'

/** @param perInvocation tasks of each invocation */
export const fullDirectory = async (
  hosts: number,
  tasks: number,
  perInvocation = Math.min(TASKS_PER_INVOCATION, hosts),
): Promise<string> => {
  const withHosts = await kept(`hosts-${hosts}`, (into) => seedHosts(into, hosts))
  return kept(`hosts-${hosts}-tasks-${tasks}-each-${perInvocation}`, async (into) => {
    cpSync(withHosts, into, { recursive: true, filter: (file) => !file.endsWith('complete') })
    seedTasks(into, hosts, tasks, perInvocation)
  })
}

/** Its main file, for who wants to know its size. */
export const factsOf = (directory: string): string => sqliteFiles(directory).facts
