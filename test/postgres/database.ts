import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** Where the run's server is told to its test files. */
export const POSTGRES_URL = 'OPENASSIST_TEST_POSTGRES'

/** A new database in the run's server: its URL, and how to drop it. */
export const createDatabase = async (
  server = process.env[POSTGRES_URL],
): Promise<{ readonly url: string; drop(): Promise<void> }> => {
  if (server === undefined || server === '') throw new Error(`No PostgreSQL runs: ${POSTGRES_URL} is not set.`)
  const name = `t${randomBytes(8).toString('hex')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(server, `drop database if exists ${name} with (force)`) }
}

const administer = async (server: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
