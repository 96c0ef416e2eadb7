// A whole server in a process of its own. Arguments: directory, plain port, TLS port, settings as JSON.
import { obey, tellReady } from '../measure/controlled.js'
import { REGION, startBenchServer, ACCOUNT } from './start.js'

const [directory = '', plain = '0', tls = '0', settings = '{}'] = process.argv.slice(2)
const server = await startBenchServer(directory, JSON.parse(settings) as Record<string, string>, {
  plain: Number(plain),
  tls: Number(tls),
})

obey({
  warm: () => server.parts.warmUp({ accountId: ACCOUNT, regionId: REGION }),
  connected: () => server.parts.gateway.connectionCount(),
  stop: () => server.stop(),
})
tellReady({
  plain: Number(new URL(server.endpoint ?? '').port),
  tls: Number(new URL(server.tlsEndpoint ?? '').port),
})
