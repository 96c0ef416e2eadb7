// Every case, as JSON and as XML, against a server of its own: HTTP in, bytes out.
import { describe, expect, it, vi } from 'vitest'
import { type Answer, type Format, openWorld, type Parameters, type World } from './_support.js'
import { type Case, readCases } from './cases.js'
import { ordered, parseXml, settle, settleTree, treeOf, treeWithoutExtras, withoutExtras } from './compare.js'
import { fillAll, type Made, plant } from './seed.js'

/** The answer to a case and what its seed made. */
const play = async (one: Case, format: Format): Promise<{ answer: Answer; made: Made }> => {
  await using world = await openWorld(one.settings, one.at)
  const made: Made = new Map()
  for (const seed of one.seed) await plant(world, seed, made)
  const parameters = { Action: one.action, ...fillAll(one.parameters, made) }
  const answers =
    one.atOnce > 1 ? await atOnce(world, one.atOnce, parameters, format) : [await world.send(parameters, format)]
  const answer = answers.find((each) => each.status === one.answer.status) ?? answers[0]
  if (answer === undefined) throw new Error('nothing was sent')
  return { answer, made }
}

/** Sends the same request several times, all of which are there before the first can have its effect. */
const atOnce = async (world: World, times: number, parameters: Parameters, format: Format): Promise<Answer[]> => {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  // Holds the store's one writer, and with it the nonce of every request.
  const held = world.parts.database.write(() => gate)
  const before = world.received()
  const sent = Array.from({ length: times }, () => world.send(parameters, format))
  await vi.waitUntil(() => world.received() === before + times)
  await new Promise((resolve) => setImmediate(resolve))
  open()
  await held
  return Promise.all(sent)
}

const requestIdOf = (answer: Answer): string | null => answer.headers.get('x-acs-request-id')

const checkJson = ({ answer: expected }: Case, answer: Answer, made: Made): void => {
  expect(answer.headers.get('content-type')).toBe('application/json;charset=utf-8')
  const whole = JSON.parse(answer.text) as Readonly<Record<string, unknown>>
  const missing = new Set(expected.extras)
  const body = withoutExtras(whole, expected.extras, missing)
  expect(ordered(body)).toBe(ordered(settle(expected.body, body, made)))
  expect([...missing]).toEqual([])
  expect(answer.status).toBe(expected.status)
  expect(whole['RequestId']).toBe(requestIdOf(answer))
}

const checkXml = ({ action, answer: expected }: Case, answer: Answer, made: Made): void => {
  expect(answer.headers.get('content-type')).toBe('text/xml;charset=utf-8')
  expect(answer.text.startsWith('<?xml version="1.0" encoding="UTF-8"?>')).toBe(true)
  const root = expected.status === 200 ? `${action}Response` : 'Error'
  const [name, content] = parseXml(answer.text)
  const tree = [name, treeWithoutExtras(content, expected.extras)] as const
  const documented = expected.xml === undefined ? treeOf(root, expected.body)[0] : parseXml(expected.xml)
  if (documented === undefined) throw new Error('the case expects nothing')
  expect(ordered(tree)).toBe(ordered(settleTree(documented, tree, made)))
  expect(answer.status).toBe(expected.status)
}

describe.each([...readCases()])('%s', (_action, cases) => {
  describe.each(['JSON', 'XML'] as const)('in %s', (format) => {
    it.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
      const { answer, made } = await play(one, format)
      if (format === 'JSON') checkJson(one, answer, made)
      else checkXml(one, answer, made)
    })
  })
})
