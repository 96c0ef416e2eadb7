import type { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { START_WAIT_MS } from './limits.js'
import type { KeyAndCertificate } from './listener.js'

/** Handshakes that are begun in one turn of the event loop; each costs about a millisecond. */
const PER_TURN = 20

/**
 * Lets a TLS listener be open before there is a certificate: connections wait for their handshake. Call it before
 * anything else listens to its connections. Those that wait count among its `maxConnections`.
 * @param certificate when it is rejected, what waits is closed
 */
export const holdUntilCertificate = (server: SecureServer, certificate: Promise<KeyAndCertificate>): void => {
  const handshakes = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  const held = new Set<Socket>()

  const forget = function (this: Socket): void {
    held.delete(this)
  }
  const giveUp = function (this: Socket): void {
    this.destroy()
  }
  const hold = (socket: Socket): void => {
    held.add(socket)
    socket.on('error', giveUp)
    socket.once('close', forget)
    socket.setTimeout(START_WAIT_MS, giveUp)
  }
  server.on('connection', hold)

  const release = async ({ certificatePem, privateKeyPem }: KeyAndCertificate): Promise<void> => {
    server.setSecureContext({ cert: certificatePem, key: privateKeyPem })
    server.off('connection', hold)
    for (const handshake of handshakes) server.on('connection', handshake)
    let begun = 0
    for (const socket of held) {
      held.delete(socket)
      socket.setTimeout(0)
      socket.off('timeout', giveUp)
      socket.off('close', forget)
      socket.off('error', giveUp)
      for (const handshake of handshakes) handshake.call(server, socket)
      begun += 1
      if (begun % PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  certificate.then(
    (material) => void release(material),
    () => {
      for (const socket of held) socket.destroy()
    },
  )
}
