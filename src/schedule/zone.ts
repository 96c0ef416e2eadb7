/** A time zone: how far its clocks are ahead of UTC. */
export interface Zone {
  /** As an agent finds it in its zone data, where case counts; undefined for a clock that has no name. */
  readonly name: string | undefined
  /** @param at milliseconds since 1970 @returns milliseconds east of UTC at that moment */
  readonly offsetAt: (at: number) => number
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 }

/** The zone of this process. */
export const LOCAL: Zone = { name: undefined, offsetAt: (at) => -new Date(at).getTimezoneOffset() * 60_000 }

const fixed = (name: string, offset: number): Zone => ({ name, offsetAt: () => offset })

/** Whole minutes; `GMT+8:00`, hours without a leading zero (api.md §6). */
const OFFSET = /^GMT([+-])(\d|1[0-4]):([0-5]\d)$/
const NAME = /^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+$/
/** Names that ICU keeps and the IANA database does not have: no agent finds them. */
const NO_LONGER_THERE = /^(?:SystemV\/.*|US\/Pacific-New|Canada\/East-Saskatchewan)$/i

/**
 * A zone by what a schedule says: an IANA name with a slash, `GMT±H:mm`, `UTC` or `GMT` (api.md §6).
 * @returns undefined for a name that is malformed or that this system does not know
 */
export const zoneOf = (name: string): Zone | undefined => {
  if (name === 'UTC' || name === 'GMT') return fixed(name, 0)
  const offset = OFFSET.exec(name)
  if (offset !== null) {
    const [, sign, hours, minutes] = offset
    if (sign === '-' && Number(hours) > 12) return undefined
    return fixed(name, (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000)
  }
  return NAME.test(name) && !NO_LONGER_THERE.test(name) ? named(name) : undefined
}

const named = (timeZone: string): Zone | undefined => {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    // A zone that is not known.
    return undefined
  }
  return {
    name: spelt(timeZone, format.resolvedOptions().timeZone),
    offsetAt: (at) => {
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
      const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
      const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
      return local - Math.floor(at / 1_000) * 1_000
    },
  }
}

/** Zones that ICU goes on to call by a name of before, with the one that the IANA database has for them. */
const RENAMED: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
}

/**
 * The name of a zone as zone data have it, where case counts: the one that was written, or for a further name of the same zone,
 * whose case nobody tells, that zone's own.
 * @param known ICU's name of it
 */
const spelt = (name: string, known: string): string => {
  const own = RENAMED[known] ?? known
  return name.toLowerCase() === known.toLowerCase() ? known : own
}
