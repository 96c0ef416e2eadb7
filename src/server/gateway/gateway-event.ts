import type { RegistrationRefusal } from '../domain/fleet/agents.js'

/** What happens at the agents' door and is worth a line in a log or a counter. Texts of hosts are not escaped here. */
export type GatewayEvent =
  | { readonly kind: 'registered'; readonly instanceId: string; readonly address: string | undefined }
  | {
      readonly kind: 'registration-refused'
      readonly refusal: RegistrationRefusal | 'malformed' | 'insecure'
      readonly address: string | undefined
    }
  | { readonly kind: 'deregistered'; readonly instanceId: string }
  | {
      readonly kind: 'admission-refused'
      readonly refusal: AdmissionRefusal
      /** As the request named itself; nothing is proven about it. */
      readonly claimedInstanceId: string | undefined
      readonly address: string | undefined
    }
  | { readonly kind: 'connected'; readonly instanceId: string }
  | { readonly kind: 'disconnected'; readonly instanceId: string; readonly reason: string }
  | { readonly kind: 'connection-refused'; readonly reason: 'full' | 'stopping' }
  | { readonly kind: 'kick-not-understood'; readonly instanceId: string }
  | { readonly kind: 'update-installing'; readonly instanceId: string }
  | { readonly kind: 'incident'; readonly instanceId: string; readonly type: string }
  | {
      readonly kind: 'malformed'
      readonly path: string
      readonly reason: string
      readonly instanceId: string | undefined
    }
  | { readonly kind: 'task-withheld'; readonly instanceId: string; readonly taskId: string; readonly reason: string }
  /** Something broke that is no peer's fault. */
  | { readonly kind: 'failed'; readonly at: string; readonly error: unknown }

/** Why a request was not taken for one of a registered host. */
export type AdmissionRefusal = 'insecure' | 'unsigned' | 'unknown-or-bad-signature' | 'stale' | 'replayed'

export type Tell = (event: GatewayEvent) => void
