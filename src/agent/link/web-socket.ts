import { createRequire } from 'node:module'
import type { WebSocket as Socket } from 'ws'

/**
 * The websocket library's client. It is required, not imported: for an import of a CommonJS package the runtime starts
 * a parser in WebAssembly that takes 5.5 MB of an idle agent's memory (measured on Node 20).
 */
export const { WebSocket } = createRequire(import.meta.url)('ws') as { readonly WebSocket: typeof Socket }

export type { Socket }
