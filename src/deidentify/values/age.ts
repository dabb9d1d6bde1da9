/** Patient's Age (0010,1010), which readers need because they do not get the birth date. */

/**
 * The age that `ages: cap-90` assigns to anyone older: there are few such people (45 CFR
 * 164.514(b)(2)(i)(C)).
 */
export const OLDEST = 90

/** PS3.5 Table 6.2-1, AS. */
export const ageInYears = (years: number): string => `${String(years).padStart(3, '0')}Y`

/**
 * Age on one DA of a person born on another; undefined when either is not a full date, or they are
 * in the wrong order. In months below two years, in days below two months.
 */
export function ageOn(birth: string, day: string): string | undefined {
  const [from, to] = [dayOf(birth), dayOf(day)]
  if (!from || !to || to.time < from.time) return undefined
  const months = (to.year - from.year) * 12 + to.month - from.month - (to.day < from.day ? 1 : 0)
  const years = Math.floor(months / 12)
  if (years > 150) return undefined
  if (years >= 2) return ageInYears(years)
  if (months >= 2) return `${String(months).padStart(3, '0')}M`
  return `${String(Math.round((to.time - from.time) / DAY_MS)).padStart(3, '0')}D`
}

const DAY_MS = 86_400_000

function dayOf(text: string) {
  const parts = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(text.trim())
  if (!parts) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const date = new Date(Date.UTC(year, month - 1, day))
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year > 1800
  return isReal ? { year, month, day, time: date.getTime() } : undefined
}
