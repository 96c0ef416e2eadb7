// What contradicts itself in a database: counters and what they count, the audit chain, the file itself.
import { FILE_CLASSES, fileClassOf } from '../../src/server/domain/files/file-roll-up.js'
import type { FileState } from '../../src/server/domain/files/file-states.js'
import { classOf, isActive, STATE_CLASSES, type TaskState } from '../../src/server/domain/invocations/task-states.js'
import { findBrokenAudit } from '../../src/server/storage/audit-log.js'
import { numberOf, type Row, type SqlReader, textOf } from '../../src/server/storage/sql.js'

/**
 * Sentences about the database, none when everything fits together. No submission may be under way.
 * @param reader of one moment: sweeps write whenever they like
 */
export const inconsistencies = async (reader: SqlReader): Promise<readonly string[]> => {
  const found: string[] = []
  const compare = (what: string, counter: number, counted: number): void => {
    if (counter !== counted) found.push(`${what} is ${counter}, counted are ${counted}`)
  }

  const broken = await findBrokenAudit(reader)
  if (broken !== undefined) found.push(`entry ${broken} of the audit log does not fit the one before it`)

  const tasks = await reader.all(
    `select t.invocation_id, t.instance_id, t.state, t.repeat_mode, count(*) as amount from task t
       join invocation i on i.id = t.invocation_id where i.committed = 1
     group by t.invocation_id, t.instance_id, t.state, t.repeat_mode`,
  )
  const byInvocation = countBy(tasks, (row) => `${textOf(row['invocation_id'])} ${classOf(stateOf(row))}`)
  for (const row of await reader.all('select * from invocation where committed = 1')) {
    const id = textOf(row['id'])
    for (const one of STATE_CLASSES)
      compare(`n_${one} of ${id}`, numberOf(row[`n_${one}`]), byInvocation.get(`${id} ${one}`) ?? 0)
  }
  // A dry run is no invocation of an instance (design §4).
  const byInstance = countBy(
    tasks.filter((row) => row['repeat_mode'] !== 'DryRun'),
    (row) => textOf(row['instance_id']),
  )
  const active = countBy(
    tasks.filter((row) => isActive(stateOf(row))),
    (row) => textOf(row['instance_id']),
  )
  for (const row of await reader.all('select id, invocation_count, active_task_count from instance')) {
    const id = textOf(row['id'])
    compare(`InvocationCount of ${id}`, numberOf(row['invocation_count']), byInstance.get(id) ?? 0)
    compare(`ActiveTaskCount of ${id}`, numberOf(row['active_task_count']), active.get(id) ?? 0)
  }

  const runs = await reader.all(
    `select t.invocation_id, t.instance_id, t.runs, t.finished_at, t.run_start, count(r.run_start) as amount from task t
       left join task_run r on r.invocation_id = t.invocation_id and r.instance_id = t.instance_id
     where t.runs > 0 group by t.invocation_id, t.instance_id, t.runs, t.finished_at, t.run_start`,
  )
  for (const row of runs) {
    const of = `${textOf(row['invocation_id'])} on ${textOf(row['instance_id'])}`
    compare(
      `the number of runs of ${of}`,
      numberOf(row['runs']) - (row['run_start'] !== null && row['finished_at'] === null ? 1 : 0),
      numberOf(row['amount']),
    )
  }

  const files = await reader.all(
    'select send_id, state, count(*) as amount from file_task group by send_id, state order by send_id, state',
  )
  const bySend = countBy(files, (row) => `${textOf(row['send_id'])} ${fileClassOf(textOf(row['state']) as FileState)}`)
  for (const row of await reader.all('select * from file_send')) {
    const id = textOf(row['id'])
    for (const one of FILE_CLASSES)
      compare(`n_${one} of ${id}`, numberOf(row[`n_${one}`]), bySend.get(`${id} ${one}`) ?? 0)
  }

  const LENGTHS = `select t.invocation_id, t.instance_id, t.output_bytes, coalesce(sum(length(o.data)), 0) as amount
    from task t left join task_output o on o.invocation_id = t.invocation_id and o.instance_id = t.instance_id
    group by t.invocation_id, t.instance_id, t.output_bytes`
  for (const row of await reader.all(LENGTHS))
    compare(
      `output_bytes of ${textOf(row['invocation_id'])} on ${textOf(row['instance_id'])}`,
      numberOf(row['output_bytes']),
      numberOf(row['amount']),
    )

  for (const row of await reader.all('select os_type, count(*) as amount from instance group by os_type')) {
    const counter = await reader.get('select sum(amount) as amount from instance_count where os_type = $1', [
      textOf(row['os_type']),
    ])
    compare(`the number of ${textOf(row['os_type'])} instances`, numberOf(counter?.['amount']), numberOf(row['amount']))
  }

  // Every submission of a load has a name of its own.
  const twice = await reader.all(
    `select command_name from invocation where command_name <> '' group by command_name having count(*) > 1`,
  )
  for (const row of twice) found.push(`${textOf(row['command_name'])} was submitted once and is there twice`)

  // An invocation is written in parts: it is whole, or no part of it is there.
  for (const row of await reader.all('select id from invocation where committed = 0'))
    found.push(`${textOf(row['id'])} was never written to its end, and is still there`)
  const ofNothing = await reader.all(
    `select t.invocation_id, count(*) as amount from task t
     where not exists (select 1 from invocation i where i.id = t.invocation_id) group by t.invocation_id`,
  )
  for (const row of ofNothing)
    found.push(`${numberOf(row['amount'])} tasks of ${textOf(row['invocation_id'])} are there without it`)

  if (reader.dialect.name === 'sqlite') {
    const [whole] = await reader.all('pragma integrity_check')
    if (whole?.['integrity_check'] !== 'ok') found.push(`SQLite says: ${JSON.stringify(whole)}`)
  }
  return found
}

const stateOf = (row: Row): TaskState => textOf(row['state']) as TaskState

const countBy = (rows: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + numberOf(row['amount']))
  return counts
}
