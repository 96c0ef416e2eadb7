import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The folder of the package that a module belongs to: the nearest one above it with a package.json. The same from a
 * clone and from node_modules. Pass `import.meta.url`.
 */
export const packageRoot = (moduleUrl: string): string => {
  let folder = dirname(fileURLToPath(moduleUrl))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder) throw new Error(`no package.json above ${fileURLToPath(moduleUrl)}`)
    folder = above
  }
  return folder
}

/** The version that the package.json there says. */
export const packageVersion = (root: string): string => {
  const parsed: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return parsed.version
  }
  throw new Error(`no version in ${join(root, 'package.json')}`)
}
