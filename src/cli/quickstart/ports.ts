import { createServer } from 'node:net'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** The address if nothing listens there, else the same host with a port that is free now. */
export const freeAddress = async (wanted: ListenAddress): Promise<ListenAddress> => {
  const port = (await tryToListen(wanted)) ?? (await tryToListen({ ...wanted, port: 0 }))
  return { host: wanted.host, port: port ?? wanted.port }
}

/** @returns the port that was free, or undefined */
const tryToListen = ({ host, port }: ListenAddress): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })

export const addressText = ({ host, port }: ListenAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
