import { join } from 'node:path'
import { readConfig } from '../../src/server/config.js'
import { type RunningServer, startServer } from '../../src/server/main.js'

export const ACCOUNT = '1000000000000001'
export const REGION = 'cn-hangzhou'
export const ACCESS_KEY = { accessKeyId: 'openassist-bench', accessKeySecret: 'openassist-bench-secret' } as const

/**
 * The whole server as `serve` starts it, on free ports of loopback, its files right in `directory`. Everything else is
 * the default, the log level too.
 * @param env settings by the name of their environment variable
 */
export const startBenchServer = (
  directory: string,
  env: Readonly<Record<string, string>>,
  ports: { readonly plain: number; readonly tls: number } = { plain: 0, tls: 0 },
): Promise<RunningServer> =>
  startServer(
    readConfig({
      cwd: directory,
      env: {
        OPENASSIST_ACCESS_KEY_ID: ACCESS_KEY.accessKeyId,
        OPENASSIST_ACCESS_KEY_SECRET: ACCESS_KEY.accessKeySecret,
        ...env,
      },
      flags: {
        data: directory,
        listen: `127.0.0.1:${ports.plain}`,
        'listen-tls': `127.0.0.1:${ports.tls}`,
        'public-host': ['localhost'],
      },
    }),
  )

/** Of a server with this directory: what a client must trust. */
export const caFileOf = (directory: string): string => join(directory, 'ca.pem')
