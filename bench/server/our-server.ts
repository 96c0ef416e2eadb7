import { join } from 'node:path'
import { Measured } from '../measure/process.js'

export interface Ports {
  readonly plain: number
  readonly tls: number
}

/** Starts a server process on a directory; its log goes to a file there, as a service's would. */
export const ourServer = (
  directory: string,
  settings: Readonly<Record<string, string>> = {},
  ports: Ports = { plain: 0, tls: 0 },
): Measured<Ports> =>
  new Measured<Ports>('server/server-process.js', {
    args: [directory, String(ports.plain), String(ports.tls), JSON.stringify(settings)],
    errorFile: join(directory, 'bench.log'),
  })
