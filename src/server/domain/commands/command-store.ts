import type { Scope } from '../access/scope.js'
import type { Page, PageRequest } from '../paging.js'
import type { Command, CommandChange, CommandFilter, NewCommand } from './commands.js'

export interface CommandReader {
  list(scope: Scope, filter: CommandFilter, page: PageRequest): Promise<Page<Command>>
  /** Kept ones and those of a running RunCommand. */
  find(scope: Scope, commandId: string): Promise<(Command & { readonly kept: boolean }) | undefined>
  countKept(scope: Scope): Promise<number>
}

export interface CommandStore extends CommandReader {
  /** Whether it is there and kept. Until the transaction ends, nobody else deletes it or counts an invocation of it. */
  hold(scope: Scope, commandId: string): Promise<boolean>
  /** Until the transaction ends, nobody else counts. */
  countKept(scope: Scope): Promise<number>
  add(
    scope: Scope,
    command: NewCommand & { commandId: string; kept: boolean; parameterNames: readonly string[]; createdAt: number },
  ): Promise<void>
  change(scope: Scope, commandId: string, change: CommandChange): Promise<void>
  remove(scope: Scope, commandId: string): Promise<void>
  countInvocation(scope: Scope, commandId: string): Promise<void>
}
