import type { TestProject } from 'vitest/node'
import { POSTGRES_URL } from './database.js'
import { startPostgres } from './server.js'

/** One PostgreSQL for a test run; each test file makes databases of its own in it. */
export const setup = async (_project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  if (process.env[POSTGRES_URL] !== undefined) return undefined
  const server = await startPostgres()
  process.env[POSTGRES_URL] = server.url
  return async () => {
    delete process.env[POSTGRES_URL]
    await server.stop()
  }
}
