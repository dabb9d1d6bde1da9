/** What the page says. */
import type { Failure } from './messages.js'

export const FAILURES: Readonly<Record<Failure, string>> = {
  key_unreadable:
    'This is not one OpenPGP private key. Pick the file that nocturne key new wrote, or that your program exported.',
  key_locked: 'The passphrase is missing or wrong.',
  cannot_open:
    'Not opened: it is not sealed to this key, or it was changed or cut short. Nothing of it was kept.',
  cannot_write: 'Not opened: there is no room or no permission to write. Nothing of it was kept.',
  stopped: 'Stopped. Nothing of it was kept.',
}

/** Said with every result: a file by itself says nothing of its place in a transfer. */
export const UNCHECKED =
  'Not checked here: whether they are the items that the signed manifest of their transfer names. nocturne pull and nocturne open check that.'

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

/** `12.6 MB` */
export function sizeText(bytes: number): string {
  let unit = 0
  let value = bytes
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}
