import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { formatKick, KICK_LIMIT, type Kick, parseKick, parseKickAnswer } from './kick.js'
import { toWireId, type WireId } from './wire-id.js'

const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/).map((id) => toWireId(id)!)
const kicks: fc.Arbitrary<Kick> = fc.oneof(
  fc.constant<Kick>({ word: 'fetch' }),
  fc.constant<Kick>({ word: 'noop' }),
  fc.record({ word: fc.constant('task' as const), verb: fc.constantFrom('run', 'stop'), id: ids }),
  fc.record({ word: fc.constant('file' as const), verb: fc.constantFrom('create', 'stop'), id: ids }),
  fc.record({ word: fc.constant('session' as const), verb: fc.constantFrom('start', 'stop'), id: ids }),
  fc.record({
    word: fc.constant('agent' as const),
    verb: fc.constantFrom('stop', 'remove', 'update', 'deregister'),
  }),
)

describe('a kick', () => {
  it('never has two words but for noop, whatever is built (trap 2)', () => {
    fc.assert(
      fc.property(kicks, (kick) => {
        const text = formatKick(kick)
        const words = text.split(' ')
        expect(words.every((word) => word !== '')).toBe(true)
        expect(words.length !== 2 || text === 'kick_vm noop').toBe(true)
        expect(text.length).toBeLessThanOrEqual(KICK_LIMIT)
        expect(parseKick(text)).toEqual(kick)
      }),
    )
  })

  it('cannot be given a bare text as id, by its type', () => {
    expectTypeOf<string>().not.toExtend<WireId>()
    expectTypeOf<Extract<Kick, { word: 'task' }>['id']>().toEqualTypeOf<WireId>()
  })

  it.each(['', ' ', 'a b', 't-1\n', 't/1', '../x', '-t', 'ä', 'a'.repeat(65)])('id %j does not exist', (text) => {
    expect(toWireId(text)).toBeUndefined()
  })

  it('of anything else is not understood, and nothing throws', () => {
    for (const text of [
      'kick_vm task',
      'kick_vm  ',
      'kick_vm task run',
      'kick_vm task run a b',
      'kick_vm agent stop x',
    ]) {
      expect(parseKick(text)).toBeUndefined()
    }
    for (const text of ['kick_vm __proto__ x y', 'kick_vm constructor x', 'KICK_VM', 'x'.repeat(1_000_000)]) {
      expect(parseKick(text)).toBeUndefined()
    }
    fc.assert(fc.property(fc.string(), (text) => void parseKick(text)))
  })

  it('is answered in one of three words', () => {
    expect(parseKickAnswer('reject:kick_vm')).toEqual({ answer: 'reject', kick: 'kick_vm' })
    expect(parseKickAnswer('accept:')).toEqual({ answer: 'accept', kick: '' })
    expect(parseKickAnswer('unknown:kick_vm')).toBeUndefined()
    expect(parseKickAnswer(`accept:${'x'.repeat(1_000)}`)).toBeUndefined()
  })
})
