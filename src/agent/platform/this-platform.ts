import { linuxPlatform } from './linux/linux.js'
import type { Platform } from './platform.js'

/** The operating system's own implementation; the only place that asks which system this is. */
export const thisPlatform = (): Platform => {
  if (process.platform === 'linux') return linuxPlatform()
  throw new Error(`The agent does not run on ${process.platform} yet.`)
}
