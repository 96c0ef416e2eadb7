/** Where outputs are delivered to: `oss://bucket/prefix` (api.md §5.5). */
export interface OutputAddress {
  readonly bucket: string
  /** The prefix in its parts; none for the bucket itself. */
  readonly prefix: readonly string[]
}

/** Upstream: the name of an object has at most 1,023 bytes; ours end in the ids and the time of the run. */
const MOST_PREFIX_BYTES = 800
/** What the name of a file may have. */
const MOST_PART_BYTES = 255
/** Control and format characters, lone surrogates, what is not assigned, and what Windows separates by. */
const STRANGE = /[\p{C}\\]/u

/**
 * Reads an address; one slash at its end does not count.
 * @returns undefined for what names no place, or would name another one to somebody who resolves dots or empty parts
 */
export const parseOutputAddress = (text: string): OutputAddress | undefined => {
  const match = /^oss:\/\/([^/]+)(?:\/(.*))?$/su.exec(text)
  if (match === null || STRANGE.test(text)) return undefined
  const [, bucket = '', rest = ''] = match
  const path = rest.replace(/\/$/, '')
  const prefix = path === '' ? [] : path.split('/')
  if (rest.startsWith('/') || [bucket, ...prefix].some(isNoName) || Buffer.byteLength(path) > MOST_PREFIX_BYTES)
    return undefined
  return { bucket, prefix }
}

const isNoName = (part: string): boolean =>
  part === '' || part === '.' || part === '..' || Buffer.byteLength(part) > MOST_PART_BYTES

/**
 * The object of one run below its prefix. The same run has the same one, so that a delivery that is done twice is done once.
 * @param runStart of one of several runs, by its host's clock; 0 for what runs once
 */
export const objectOf = (invokeId: string, instanceId: string, runStart: number): readonly string[] => [
  invokeId,
  instanceId,
  runStart === 0 ? 'output.txt' : `output-${timeText(runStart)}.txt`,
]

/** `20260115T120000.000Z`; a host may say any number. */
const timeText = (at: number): string =>
  Math.abs(at) > LAST_TIME ? String(at) : new Date(at).toISOString().replace(/[-:]/g, '')
/** Of a Date (ECMAScript, "time values"). */
const LAST_TIME = 8.64e15

/** The address of an object, as it is told. */
export const outputUri = ({ bucket, prefix }: OutputAddress, object: readonly string[]): string =>
  `oss://${[bucket, ...prefix, ...object].join('/')}`
