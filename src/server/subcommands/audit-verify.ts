import { resolve } from 'node:path'
import { EXIT } from '../../command-line/exit-codes.js'
import { CommandFailure } from '../../command-line/failures.js'
import { text } from '../../command-line/options.js'
import { defineSubcommand } from '../../command-line/subcommand.js'

export const auditVerify = defineSubcommand({
  name: 'audit verify',
  summary: 'checks that nobody changed the audit log',
  description: [
    'Each entry has a hash that covers it and the entry before it. This walks the whole chain, and says where it is ' +
      'broken. It only reads, and the server may run meanwhile. Keep the last hash elsewhere: a chain does not show by ' +
      'itself that its end was cut off.',
  ],
  options: {
    data: text('Directory of the server’s data.', { value: 'DIR', default: './data', env: 'OPENASSIST_DATA' }),
    database: text('PostgreSQL that the server keeps everything in, such as postgres://user:password@host/name.', {
      value: 'URL',
      env: 'OPENASSIST_DATABASE',
    }),
    output: text('For people or for programs.', { oneOf: ['text', 'json'], default: 'text', short: 'o' }),
  },
  exitCodes: [{ code: EXIT.failure, about: 'An entry was changed or taken out, or the log cannot be read.' }],
  run: async ({ options, terminal }) => {
    const { verifyAudit } = await import('../verify-audit.js')
    const where = { dataDir: resolve(terminal.cwd, options.data), database: options.database }
    const { verified, brokenAt, last } = await verifyAudit(where).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      throw new CommandFailure(`the audit log cannot be read: ${reason}`, { cause: error })
    })
    const lastAt = last === undefined ? undefined : new Date(last.at).toISOString()
    if (options.output === 'json') {
      const answer = { verified, brokenAt: brokenAt ?? null, lastAt: lastAt ?? null, lastHash: last?.hash ?? null }
      terminal.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    } else {
      const lines = [verified === 1 ? '1 entry is as it was written.' : `${verified} entries are as they were written.`]
      if (last !== undefined) lines.push(`The last is number ${last.seq}, of ${lastAt}, with hash ${last.hash}`)
      if (brokenAt !== undefined) lines.push(`Entry ${brokenAt} is not: it was changed, or one before it taken out.`)
      terminal.stdout.write(`${lines.join('\n')}\n`)
    }
    return brokenAt === undefined ? EXIT.ok : EXIT.failure
  },
})
