import { rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Config } from './config.js'
import type { Front } from './front/front.js'

/** What `<data>/server.json` tells the command line on the same host. */
export interface ServerFile {
  readonly endpoint: string | null
  readonly tlsEndpoint: string | null
  readonly publicHost: string
  readonly regionId: string
  readonly caFile: string | null
  readonly pid: number
}

const NAME = 'server.json'

export const serverFile = (config: Config, front: Front, caFile: string | undefined): ServerFile => {
  const publicHost = config.publicHosts[0] ?? dialable(front.tls?.host ?? front.plain?.host ?? 'localhost')
  return {
    endpoint: front.plain === undefined ? null : `http://${bracketed(dialable(front.plain.host))}:${front.plain.port}`,
    tlsEndpoint:
      front.tls === undefined ? null : `https://${bracketed(publicHost)}:${config.publicPort ?? front.tls.port}`,
    publicHost,
    regionId: config.regions[0] ?? '',
    caFile: caFile ?? null,
    pid: process.pid,
  }
}

/** What DescribeRegions tells as RegionEndpoint. */
export const publicEndpoint = (config: Config): string => {
  const listener = config.listen ?? config.listenTls
  const host = config.publicHosts[0] ?? dialable(listener?.host ?? 'localhost')
  return `${bracketed(host)}:${config.publicPort ?? listener?.port ?? 0}`
}

/** A name by which a listener on every address can be dialled. */
const dialable = (host: string): string => (host === '0.0.0.0' || host === '::' ? hostname() : host)

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

export const writeServerFile = async (dataDir: string, content: ServerFile): Promise<void> => {
  const file = join(dataDir, NAME)
  await writeFile(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o644 })
  await rename(`${file}.new`, file)
}

export const removeServerFile = (dataDir: string): Promise<void> => rm(join(dataDir, NAME), { force: true })
