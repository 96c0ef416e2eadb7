import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, Workplace } from './_cli-support.js'

// The TypeScript of the README, as it stands there, against the emulator on another port.

const place = new Workplace()
let address = ''
let instanceId = ''

beforeAll(async () => {
  const emulator = place.openassist(['dev', '--listen', '127.0.0.1:0', '-o', 'json'])
  const [line] = await emulator.said(/^\{.*\}$/m)
  const told = JSON.parse(line) as { endpoint: string; instanceId: string }
  address = new URL(told.endpoint).host
  instanceId = told.instanceId
})
afterAll(async () => place[Symbol.asyncDispose]())

const snippets = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```ts\n([^]*?)```/g)].map(
  ([, code]) => code ?? '',
)
const isClient = (code: string): boolean => code.includes('127.0.0.1:8080')

describe('the README', () => {
  it('shows both TypeScript clients', () => {
    expect(snippets.filter(isClient)).toHaveLength(2)
  })

  it.each(snippets.filter(isClient))('points a client at a server: %#', async (code) => {
    // Beside the package, so that its dependencies are found.
    const file = join(ROOT, 'dist', `readme-${process.pid}-${snippets.indexOf(code)}.mjs`)
    writeFileSync(file, code.replaceAll('127.0.0.1:8080', address))
    try {
      const { code: status, out, err } = await place.start(process.execPath, [file]).ended
      expect({ status, err }).toEqual({ status: 0, err: '' })
      expect(out).toContain(instanceId)
    } finally {
      rmSync(file)
    }
  })

  it('shows a Node test that works', async () => {
    const example = snippets.find((code) => code.includes('startOpenAssist')) ?? ''
    // By the name of the package, as its users import it; what `await using` does is said in older words.
    const source = `${example.replace('await using', 'const')}
process.stdout.write(JSON.stringify(openassist))
await openassist.stop()
`
    const file = join(ROOT, 'dist', `readme-${process.pid}.mjs`)
    writeFileSync(file, source)
    try {
      const { code, out, err } = await place.start(process.execPath, [file]).ended
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(JSON.parse(out)).toMatchObject({ accessKeyId: 'openassist-dev', regionId: 'cn-hangzhou' })
      expect((JSON.parse(out) as { instanceId: string }).instanceId).toMatch(/^mi-/)
    } finally {
      rmSync(file)
    }
  })
})
