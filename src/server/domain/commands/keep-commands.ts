import { answerOnce } from '../access/answer-once.js'
import { actorOf } from '../access/audit.js'
import type { Clock, Ids } from '../clock.js'
import { Fault } from '../faults.js'
import type { UnitOfWork } from '../unit-of-work.js'
import type { Commands, NewCommand } from './commands.js'
import { parseLauncher } from './launcher.js'
import { checkLength, parameterNames, textOfScript } from './custom-parameters.js'
import type { PublicCommands } from './public-commands.js'

interface Parts {
  readonly stores: UnitOfWork
  readonly clock: Clock
  readonly ids: Ids
  /** Kept commands in one region of an account. */
  readonly quota: number
  readonly publicCommands: PublicCommands
}

/** Names of custom parameters, of a script whose length, placeholders and launcher are right. Faults as `Commands.create`. */
export const checkScript = (command: NewCommand): readonly string[] => {
  checkLength(command.content.byteLength)
  parseLauncher(command.launcher)
  return command.enableParameter ? parameterNames(textOfScript(command.content)) : []
}

/** The verbs of stored commands. */
export const keepCommands = ({ stores, clock, ids, quota, publicCommands }: Parts): Commands => ({
  async create(scope, command, repeat) {
    const names = checkScript(command)
    return answerOnce(stores, scope, repeat, () =>
      stores.write(async (w) => {
        if ((await w.commands.countKept(scope)) >= quota) throw new Fault('command/quota-exceeded', [quota])
        const now = clock.now()
        const commandId = ids.next('c')
        await w.commands.add(scope, { ...command, commandId, kept: true, parameterNames: names, createdAt: now })
        const answer = { commandId }
        if (repeat !== undefined) await w.repeats.keep(scope, repeat, answer, now)
        w.audit({
          ...scope,
          at: now,
          actor: actorOf(scope),
          action: 'CreateCommand',
          subject: commandId,
          detail: { type: command.type },
        })
        return answer
      }),
    )
  },

  async list(scope, filter, page) {
    const isOfOne = filter.commandId !== undefined && publicCommands.find(filter.commandId) !== undefined
    if (filter.provider === undefined && !isOfOne) return stores.read.commands.list(scope, filter, page)
    const found = publicCommands.list(filter, page)
    const items = []
    for (const command of found.items)
      items.push({ ...command, invokeTimes: await stores.read.invocations.countOfCommand(scope, command.commandId) })
    return { ...found, items }
  },

  async modify(scope, commandId, change) {
    if (publicCommands.find(commandId) !== undefined) throw new Fault('command/public')
    parseLauncher(change.launcher ?? '')
    await stores.write(async (w) => {
      if (!(await w.commands.hold(scope, commandId))) throw new Fault('command/not-found')
      await w.commands.change(scope, commandId, change)
      const named = Object.entries(change).filter(([, value]) => value !== undefined)
      w.audit({
        ...scope,
        at: clock.now(),
        actor: actorOf(scope),
        action: 'ModifyCommand',
        subject: commandId,
        detail: { changed: named.map(([name]) => name).join(',') },
      })
    })
  },

  async delete(scope, commandId) {
    if (publicCommands.find(commandId) !== undefined) throw new Fault('command/public')
    await stores.write(async (w) => {
      if (!(await w.commands.hold(scope, commandId))) throw new Fault('command/not-found')
      if (await w.invocations.usesCommand(scope, commandId)) throw new Fault('command/in-use')
      await w.commands.remove(scope, commandId)
      w.audit({
        ...scope,
        at: clock.now(),
        actor: actorOf(scope),
        action: 'DeleteCommand',
        subject: commandId,
        detail: {},
      })
    })
  },
})
