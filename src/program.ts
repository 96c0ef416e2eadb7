import { packageRoot, packageVersion } from './command-line/package-root.js'
import { type Program, runProgram } from './command-line/run-program.js'
import type { SubcommandEntry } from './command-line/subcommand.js'
import { processTerminal } from './command-line/terminal.js'

// The program `openassist`: which subcommands there are. Each is loaded when it is asked for, so that an agent on a small
// host does not carry the server.

const SERVER = 'The server'
const USING = 'Its fleet'
const HISTORY = 'What was run'
const COMMANDS = 'Kept commands'
const TAGS = 'Tags'
const SECRETS = 'Secrets of scripts'
const HOSTS = 'On hosts'

const invocations = {
  list: () => import('./cli/subcommands/invocations/list.js'),
  show: () => import('./cli/subcommands/invocations/show.js'),
  watch: () => import('./cli/subcommands/invocations/watch.js'),
  stop: () => import('./cli/subcommands/invocations/stop.js'),
  modify: () => import('./cli/subcommands/invocations/modify.js'),
  rerun: () => import('./cli/subcommands/invocations/rerun.js'),
}

const files = {
  list: () => import('./cli/subcommands/files/list.js'),
  show: () => import('./cli/subcommands/files/show.js'),
}

const rollouts = {
  list: () => import('./cli/subcommands/rollouts/list.js'),
  show: () => import('./cli/subcommands/rollouts/show.js'),
  pause: () => import('./cli/subcommands/rollouts/pause.js'),
  resume: () => import('./cli/subcommands/rollouts/resume.js'),
  cancel: () => import('./cli/subcommands/rollouts/cancel.js'),
}

const commands = {
  list: () => import('./cli/subcommands/commands/list.js'),
  show: () => import('./cli/subcommands/commands/show.js'),
  create: () => import('./cli/subcommands/commands/create.js'),
  modify: () => import('./cli/subcommands/commands/modify.js'),
  delete: () => import('./cli/subcommands/commands/delete.js'),
}

const tags = {
  list: () => import('./cli/subcommands/tags/list.js'),
  set: () => import('./cli/subcommands/tags/set.js'),
  remove: () => import('./cli/subcommands/tags/remove.js'),
}

const entries: readonly SubcommandEntry[] = [
  { name: 'quickstart', group: SERVER, load: async () => (await import('./cli/subcommands/quickstart.js')).quickstart },
  { name: 'serve', group: SERVER, load: async () => (await import('./server/subcommands/serve.js')).serve },
  {
    name: 'audit verify',
    group: SERVER,
    load: async () => (await import('./server/subcommands/audit-verify.js')).auditVerify,
  },
  { name: 'dev', group: SERVER, load: async () => (await import('./server/subcommands/dev.js')).dev },
  { name: 'status', group: USING, load: async () => (await import('./cli/subcommands/status.js')).status },
  { name: 'run', group: USING, load: async () => (await import('./cli/subcommands/run.js')).run },
  { name: 'send', group: USING, load: async () => (await import('./cli/subcommands/send.js')).send },
  { name: 'invocations list', group: HISTORY, load: async () => (await invocations.list()).list },
  { name: 'invocations show', group: HISTORY, load: async () => (await invocations.show()).show },
  { name: 'invocations watch', group: HISTORY, load: async () => (await invocations.watch()).watch },
  { name: 'invocations stop', group: HISTORY, load: async () => (await invocations.stop()).stop },
  { name: 'invocations modify', group: HISTORY, load: async () => (await invocations.modify()).modify },
  { name: 'invocations rerun', group: HISTORY, load: async () => (await invocations.rerun()).rerun },
  { name: 'files list', group: HISTORY, load: async () => (await files.list()).list },
  { name: 'files show', group: HISTORY, load: async () => (await files.show()).show },
  { name: 'rollouts list', group: HISTORY, load: async () => (await rollouts.list()).list },
  { name: 'rollouts show', group: HISTORY, load: async () => (await rollouts.show()).show },
  { name: 'rollouts pause', group: HISTORY, load: async () => (await rollouts.pause()).pause },
  { name: 'rollouts resume', group: HISTORY, load: async () => (await rollouts.resume()).resume },
  { name: 'rollouts cancel', group: HISTORY, load: async () => (await rollouts.cancel()).cancel },
  { name: 'results', group: HISTORY, load: async () => (await import('./cli/subcommands/results.js')).results },
  { name: 'commands list', group: COMMANDS, load: async () => (await commands.list()).list },
  { name: 'commands show', group: COMMANDS, load: async () => (await commands.show()).show },
  { name: 'commands create', group: COMMANDS, load: async () => (await commands.create()).create },
  { name: 'commands modify', group: COMMANDS, load: async () => (await commands.modify()).modify },
  { name: 'commands delete', group: COMMANDS, load: async () => (await commands.delete()).remove },
  { name: 'tags list', group: TAGS, load: async () => (await tags.list()).list },
  { name: 'tags set', group: TAGS, load: async () => (await tags.set()).set },
  { name: 'tags remove', group: TAGS, load: async () => (await tags.remove()).remove },
  { name: 'secret set', group: SECRETS, load: async () => (await import('./cli/subcommands/secret/set.js')).set },
  { name: 'secret list', group: SECRETS, load: async () => (await import('./cli/subcommands/secret/list.js')).list },
  { name: 'secret rm', group: SECRETS, load: async () => (await import('./cli/subcommands/secret/remove.js')).remove },
  { name: 'call', group: USING, load: async () => (await import('./cli/subcommands/call.js')).call },
  { name: 'enroll', group: USING, load: async () => (await import('./cli/subcommands/enroll.js')).enroll },
  { name: 'agent register', group: HOSTS, load: async () => (await import('./agent/subcommands.js')).agentRegister },
  { name: 'agent run', group: HOSTS, load: async () => (await import('./agent/subcommands.js')).agentRun },
  { name: 'agent status', group: HOSTS, load: async () => (await import('./agent/subcommands.js')).agentStatus },
  { name: 'simulate', group: HOSTS, load: async () => (await import('./simulator/subcommand.js')).simulate },
]

/** `openassist DescribeRegions` is short for `openassist call DescribeRegions`. */
const alias = (words: readonly string[]): readonly string[] | undefined =>
  /^[A-Z][A-Za-z]+$/.test(words[0] ?? '') ? ['call', ...words] : undefined

/** What the program is; tests read it too. */
export const program = (): Program => ({
  name: 'openassist',
  version: packageVersion(packageRoot(import.meta.url)),
  summary: 'a self-hosted Cloud Assistant: runs commands on your hosts, and knows how their agents are.',
  epilogue: [
    'Each subcommand has its own help: openassist SUBCOMMAND --help. Any operation of the API can be called by its ' +
      'name: openassist DescribeRegions.',
  ],
  entries,
  alias,
})

/** Runs the line that the process was started with; the process ends when nothing is left open. */
export const main = async (): Promise<void> => {
  // A reader that has seen enough (`| head`), or a terminal that was closed, is no failure of what still runs.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    })
  }
  process.exitCode = await runProgram(program(), process.argv.slice(2), processTerminal(process))
}
