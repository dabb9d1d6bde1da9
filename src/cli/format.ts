const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const

/** A human-readable size, in powers of 1,000: `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  // 999.95 would print as 1000.0, so it moves to the next unit.
  while (value >= (unit === 0 ? 1000 : 999.95) && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}

/** A fingerprint in groups of four, for reading aloud. */
export function formatFingerprint(fingerprint: string): string {
  return (fingerprint.toUpperCase().match(/.{1,4}/g) ?? []).join(' ')
}

/** `1 file`, `2 files`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

/** A day, or `never`. */
export function formatDay(date: Date | undefined): string {
  return date === undefined ? 'never' : date.toISOString().slice(0, 10)
}

/** `45 s`, `12 min`, `3 h 20 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
