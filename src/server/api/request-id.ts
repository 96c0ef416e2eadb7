import { randomUUID } from 'node:crypto'

/** Upper-case UUID text, one for the life of a request (rpc.md §3.3). */
export const newRequestId = (): string => randomUUID().toUpperCase()
