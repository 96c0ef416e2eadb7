/** `1 host`, `2,000 hosts`. */
export const count = (number: number, singular: string, plural = `${singular}s`): string =>
  `${number.toLocaleString('en-US')} ${number === 1 ? singular : plural}`
