// A small program for the proof that the shim bites: adds rows to a SQLite file and says each once its commit returned.
// Arguments: file, value of `pragma synchronous`.
import { SqliteConnection } from '../../src/server/storage/sqlite/driver.js'

const [file = '', synchronous = 'full'] = process.argv.slice(2)
const connection = new SqliteConnection(file, ['journal_mode = wal', `synchronous = ${synchronous}`])
connection.exec('create table if not exists fact (number integer not null primary key)')

let number = 0
const add = (): void => {
  number += 1
  connection.runSync('insert into fact (number) values ($1)', [number])
  process.send?.(number)
  setImmediate(add)
}
add()
