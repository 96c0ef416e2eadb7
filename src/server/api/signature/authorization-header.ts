// `ALG Credential=AK,SignedHeaders=a;b,Signature=hex`, its fields in any order (rpc.md §1.5).

export interface Authorization {
  readonly algorithm: string
  readonly accessKeyId: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

const MAX_SIGNED_HEADERS = 100
const HEADER_NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/

/** Undefined when a field is missing, comes twice, or is not what it should be. */
export const parseAuthorization = (header: string): Authorization | undefined => {
  const space = header.indexOf(' ')
  if (space < 0) return undefined
  const fields = new Map<string, string>()
  for (const part of header.slice(space + 1).split(',', 16)) {
    const field = part.trim()
    const equals = field.indexOf('=')
    const name = field.slice(0, Math.max(equals, 0))
    if (name === '' || fields.has(name)) return undefined
    fields.set(name, field.slice(equals + 1))
  }
  const accessKeyId = fields.get('Credential')
  const signature = fields.get('Signature')
  const signedHeaders = fields.get('SignedHeaders')?.split(';', MAX_SIGNED_HEADERS + 1)
  if (!accessKeyId || !signature || signedHeaders === undefined) return undefined
  if (signedHeaders.length > MAX_SIGNED_HEADERS || !signedHeaders.every((name) => HEADER_NAME.test(name))) {
    return undefined
  }
  return { algorithm: header.slice(0, space), accessKeyId, signedHeaders, signature }
}
