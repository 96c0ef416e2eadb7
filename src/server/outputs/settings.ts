import type { Secret } from '../telemetry/secret.js'

/** What configuration says of one store. */
export type OutputStoreSettings = DirectorySettings | S3Settings

interface Mapped {
  /** The address that it stands for, in its parts. */
  readonly bucket: string
  readonly prefix: readonly string[]
}

export interface DirectorySettings extends Mapped {
  readonly kind: 'directory'
  readonly directory: string
}

export interface S3Settings extends Mapped {
  readonly kind: 's3'
  /** `https://host:port` */
  readonly endpoint: string
  readonly region: string
  /** The bucket's name there. */
  readonly storeBucket: string
  /** Begins the names of all objects; `''` for nothing. */
  readonly storePrefix: string
  /** The bucket is in the path of a request, not in its host name. */
  readonly pathStyle: boolean
  readonly accessKeyId: string
  readonly accessKeySecret: Secret
}
