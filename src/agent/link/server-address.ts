/** Where a server is. */
export interface ServerAddress {
  readonly hostname: string
  readonly port: number
  /** As a `Host` header and in messages: without the port when it is 443. */
  readonly host: string
}

const HTTPS_PORT = 443

/**
 * Reads `host`, `host:port`, `[v6]:port`, also behind `https://`. The wire has no plain form for registered hosts.
 * @throws Error with a sentence for the person who wrote it
 */
export const parseServerAddress = (text: string): ServerAddress => {
  const bare = text
    .trim()
    .replace(/^(?:https|wss):\/\//, '')
    .replace(/\/$/, '')
  const url = parseUrl(`https://${bare}`)
  if (url === undefined || url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new Error(`"${text}" is no address of a server. Expected HOST:PORT, such as assist.example.com:8443.`)
  }
  const port = url.port === '' ? HTTPS_PORT : Number(url.port)
  return { hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, host: url.host }
}

const parseUrl = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
