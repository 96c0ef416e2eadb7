import { describe, expectTypeOf, it } from 'vitest'
import type { register } from './register.js'
import type { TaskEntry } from './task-list.js'

// The wrong JSON type loses every task of an answer, without a report (agent-protocol.md §13, trap 9).
describe('the declared types', () => {
  it('make wrong ones impossible to write', () => {
    expectTypeOf<TaskEntry['task']['timeOut']>().toEqualTypeOf<string>()
    expectTypeOf<TaskEntry['task']['invokeVersion']>().toEqualTypeOf<number>()
    expectTypeOf<TaskEntry['task']['creationTime']>().toEqualTypeOf<number>()
    expectTypeOf<TaskEntry['task']['enableParameter']>().toEqualTypeOf<boolean>()
    expectTypeOf<TaskEntry['output']['interval']>().toEqualTypeOf<number>()
    expectTypeOf<TaskEntry['output']['logQuota']>().toEqualTypeOf<number>()
    expectTypeOf<string>().not.toExtend<TaskEntry['repeat']>()
    expectTypeOf<keyof TaskEntry>().toEqualTypeOf<'task' | 'output' | 'repeat'>()
  })

  it('reach the members of lists', () => {
    type Body =
      Extract<typeof register.body, { kind: 'json' }> extends { codec: { decode(text: string): infer P } }
        ? Extract<P, { ok: true }> extends { value: infer V }
          ? V
          : never
        : never
    expectTypeOf<Body>().toExtend<{ readonly tag: readonly { readonly key: string; readonly value: string }[] }>()
  })
})
