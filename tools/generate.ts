// Everything that is derived from the declarations and committed: spec/ and docs/reference/. `--check` writes nothing and
// fails when a file is not what it would write.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { operations } from '../src/server/operations/index.js'
import { readExamples } from './generate/examples.js'
import { openApi } from './generate/openapi.js'
import { operationsJson } from './generate/operations-json.js'
import { commonErrorsPage, indexPage, referencePage } from './generate/reference-pages.js'

// Compiled to dist/tools/generate.js.
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const REFERENCE = 'docs/reference'

/** Path from the root → content. */
const generated = (): ReadonlyMap<string, string> =>
  new Map([
    ['spec/operations.json', operationsJson(operations)],
    ['spec/openapi.json', openApi(operations)],
    [`${REFERENCE}/index.md`, indexPage(operations)],
    [`${REFERENCE}/common-errors.md`, commonErrorsPage()],
    ...operations.map((operation): [string, string] => [
      `${REFERENCE}/${operation.name}.md`,
      referencePage(operation, readExamples(join(root, 'test/conformance/cases'), operation.name)),
    ]),
  ])

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** Pages of operations that are no more. */
const leftOver = (files: ReadonlyMap<string, string>): string[] => {
  mkdirSync(join(root, REFERENCE), { recursive: true })
  return readdirSync(join(root, REFERENCE))
    .map((name) => `${REFERENCE}/${name}`)
    .filter((path) => path.endsWith('.md') && !files.has(path))
}

/** The first line that differs, for a person to find the place. */
const firstDifference = (committed: string, wanted: string): string => {
  const [is, should] = [committed.split('\n'), wanted.split('\n')]
  const at = should.findIndex((line, index) => line !== is[index])
  const line = at < 0 ? should.length : at
  return `line ${line + 1}\n      is      ${(is[line] ?? '').trim()}\n      should  ${(should[line] ?? '').trim()}`
}

const check = (files: ReadonlyMap<string, string>): number => {
  const problems = leftOver(files).map((path) => `${path}: belongs to no operation`)
  for (const [path, wanted] of files) {
    const committed = readIfThere(path)
    if (committed === undefined) problems.push(`${path}: is missing`)
    else if (committed !== wanted) problems.push(`${path}: ${firstDifference(committed, wanted)}`)
  }
  if (problems.length === 0) {
    console.log(`${files.size} generated files are as they should be`)
    return 0
  }
  console.error('Generated files are not what the declarations say. Run: npm run generate')
  for (const problem of problems) console.error(`  ${problem}`)
  return 1
}

const write = (files: ReadonlyMap<string, string>): number => {
  let changed = 0
  for (const path of leftOver(files)) {
    rmSync(join(root, path))
    console.log(`removed ${path}`)
  }
  for (const [path, wanted] of files) {
    if (readIfThere(path) === wanted) continue
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), wanted)
    console.log(`wrote ${path}`)
    changed++
  }
  console.log(`${files.size} generated files, ${changed} changed`)
  return 0
}

const files = generated()
process.exitCode = process.argv.includes('--check') ? check(files) : write(files)
