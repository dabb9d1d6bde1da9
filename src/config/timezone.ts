/**
 * True for an IANA time zone that this Node.js knows; offsets such as `+05:30` have no daylight
 * saving time and are refused.
 */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** The zones to choose from. */
export const timezones = (): readonly string[] => Intl.supportedValuesOf('timeZone')
