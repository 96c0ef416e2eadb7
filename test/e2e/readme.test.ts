import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT, Workplace } from './_cli-support.js'

// The TypeScript of the README, as it stands there, through a strict compiler and against the emulator on another port.

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
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const STRICT = '--ignoreConfig --strict --skipLibCheck --target es2022 --module nodenext --types node'.split(' ')

/** Compiles it beside the package, so that its dependencies are found, and by its name the package itself. @returns what to run */
const compile = (name: string, code: string): { readonly file: string } & Disposable => {
  const source = join(ROOT, 'dist', `readme-${process.pid}-${name}.mts`)
  const file = source.replace(/mts$/, 'mjs')
  writeFileSync(source, code)
  const { status, stdout } = spawnSync(process.execPath, [COMPILER, ...STRICT, source], { cwd: ROOT })
  rmSync(source)
  expect({ status, said: stdout.toString() }).toEqual({ status: 0, said: '' })
  return { file, [Symbol.dispose]: () => rmSync(file) }
}

const isClient = (code: string): boolean => code.includes('127.0.0.1:8080')

describe('the README', () => {
  it('shows both TypeScript clients', () => {
    expect(snippets.filter(isClient)).toHaveLength(2)
  })

  it.each(snippets.filter(isClient))('points a client at a server: %#', async (code) => {
    using compiled = compile(`client-${snippets.indexOf(code)}`, code.replaceAll('127.0.0.1:8080', address))
    const { code: status, out, err } = await place.start(process.execPath, [compiled.file]).ended
    expect({ status, err }).toEqual({ status: 0, err: '' })
    expect(out).toContain(instanceId)
  })

  it('shows a Node test that works', async () => {
    const example = snippets.find((code) => code.includes('startOpenAssist')) ?? ''
    using compiled = compile('test', `${example}\nprocess.stdout.write(JSON.stringify(openassist))\n`)
    const { code, out, err } = await place.start(process.execPath, [compiled.file]).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject({ accessKeyId: 'openassist-dev', regionId: 'cn-hangzhou' })
    expect((JSON.parse(out) as { instanceId: string }).instanceId).toMatch(/^mi-/)
  })
})
