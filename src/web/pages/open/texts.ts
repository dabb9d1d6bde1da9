/** The messages of the page. */
import type { Compared, Failure } from './messages.js'

export const FAILURES: Readonly<Record<Failure, string>> = {
  key_unreadable:
    'This is not an OpenPGP private key. Select the file written by nocturne key new or exported by your OpenPGP program.',
  key_is_public:
    'This is a public key. Select the private key: the file without .pub, or the one exported with its secret key.',
  key_several: 'This file holds several keys. Select a file that holds only yours.',
  key_unsupported:
    'This key uses an algorithm that is not supported. nocturne key new makes one that is.',
  key_expired: 'This key has expired. Extend it, or ask for the study to be sealed to a new one.',
  key_locked: 'This key is protected by a passphrase. Enter it.',
  key_passphrase_wrong:
    'The passphrase does not unlock this key. Check the keyboard layout and enter it again.',
  cannot_open:
    'Not opened: the file was altered or truncated, or is no sealed file. Nothing of it was kept.',
  not_sealed_to_key:
    'Not opened: the file is not sealed to this key. Select the key that it was sealed to, or ask a colleague who can open it to seal it to you as well.',
  cannot_write:
    'Not opened: there is no space left or no permission to write. Nothing of the file was kept.',
  not_signed:
    'Nothing was opened: the manifest is not sealed to this key, is not signed by the gateway whose certificate you selected, or belongs to another transfer.',
  mismatch: 'Does not match: this is not the item in the signed manifest. Nothing of it was kept.',
  stopped: 'Stopped. Nothing of it was kept.',
}

/** Shown with every result: an individual file says nothing about its place in a transfer. */
export const UNCHECKED =
  'These files were not compared with the signed manifest of their transfer. To compare them, select the folder of the whole transfer.'

/** The result for a transfer whose items were compared. */
export function comparedText(
  opened: number,
  total: number,
  { missing, signedAt, hasKeyEnded }: Compared,
): string {
  const whole = `${opened} of ${total} opened; they match the manifest that the gateway signed on ${signedAt.slice(0, 10)}.`
  const without =
    missing.length === 0
      ? ''
      : ` Items missing from the folder: ${missing.slice(0, 20).join(', ')}.`
  const ended = hasKeyEnded
    ? " The gateway's key has since expired or been replaced: nocturne open with --ledger-key shows when it signed."
    : ''
  return `${whole}${without}${ended}`
}

export const NOT_A_TRANSFER =
  'This is not the folder of a transfer: select a folder written by nocturne dump, which contains transfer.json.'
export const NOTHING_PICKED = 'Select sealed files, or the folder of a transfer.'
export const NO_CERTIFICATE =
  'Select the certificate of the gateway: nothing in the folder can vouch for the folder.'

const UNITS = ['bytes', 'KB', 'MB', 'GB'] as const

/** `12.6 MB` */
export function sizeText(bytes: number): string {
  let unit = 0
  let value = bytes
  for (; value >= 1000 && unit < UNITS.length - 1; unit++) value /= 1000
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}
