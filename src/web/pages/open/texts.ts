/** What the page says. */
import type { Compared, Failure } from './messages.js'

export const FAILURES: Readonly<Record<Failure, string>> = {
  key_unreadable:
    'This is not one OpenPGP private key. Pick the file that nocturne key new wrote, or that your program exported.',
  key_locked: 'The passphrase is missing or wrong.',
  cannot_open:
    'Not opened: it is not sealed to this key, or it was changed or cut short. Nothing of it was kept.',
  cannot_write: 'Not opened: there is no room or no permission to write. Nothing of it was kept.',
  not_signed:
    'Nothing was opened: the manifest is not sealed to this key, or not signed by the gateway whose certificate you picked, or not of this transfer.',
  mismatch:
    'Does not match: it is not the item that the signed manifest names. Nothing of it was kept.',
  stopped: 'Stopped. Nothing of it was kept.',
}

/** Said with every result: a file by itself says nothing of its place in a transfer. */
export const UNCHECKED =
  'Not checked: whether they are the items that the signed manifest of their transfer names. Pick the folder of the whole transfer for that.'

/** What to say of a transfer whose items were compared. */
export function comparedText(
  opened: number,
  total: number,
  { missing, signedAt, hasKeyEnded }: Compared,
): string {
  const whole = `${opened} of ${total} opened, each as the manifest names it that the gateway signed on ${signedAt.slice(0, 10)}.`
  const without =
    missing.length === 0 ? '' : ` The manifest names more: ${missing.slice(0, 20).join(', ')}.`
  const ended = hasKeyEnded
    ? " The gateway's key has ended since: nocturne open with --ledger-key shows when it signed."
    : ''
  return `${whole}${without}${ended}`
}

export const NOT_A_TRANSFER =
  'This is not the folder of a transfer: pick the one that nocturne dump wrote, with transfer.json in it.'
export const NOTHING_PICKED = 'Pick sealed files, or the folder of a transfer.'
export const NO_CERTIFICATE =
  'Pick the certificate of the gateway: nothing in the folder can vouch for the folder.'

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

/** `12.6 MB` */
export function sizeText(bytes: number): string {
  let unit = 0
  let value = bytes
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}
