/**
 * Names of opened files, the same in the command and in a browser. No text from a sender becomes
 * part of one.
 */
import { extensionOf } from './media-types.js'
import type { ManifestItem } from './manifest.js'

/**
 * Enough of the content to recognize DICOM (PS3.10 section 7.1: a preamble of 128 octets, then
 * DICM) and PDF.
 */
export const HEAD_BYTES = 132

/** Extension by the first octets of opened content: `dcm`, `pdf` or otherwise `bin`. */
export function sniffExtension(head: Uint8Array): string {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES))
  if (text.startsWith('DICM', 128)) return 'dcm'
  return text.startsWith('%PDF-') ? 'pdf' : 'bin'
}

/**
 * `scan.dcm` for `scan.dcm.pgp`; when the rest of the name has no extension, one is chosen by
 * content, as in `scan.bin`. `sealed` is a file name without folders. The result is a legal name on
 * Linux, macOS and Windows, so that a folder of opened files can be copied from one to the other.
 */
export function openedName(sealed: string, head: Uint8Array): string {
  const bare = portable(sealed.replace(/\.(pgp|gpg|asc)$/i, '')) || 'opened'
  return /.\.[A-Za-z0-9]{1,8}$/.test(bare) ? bare : `${bare}.${sniffExtension(head)}`
}

const MAX_NAME = 200

/** Windows treats these as devices, in any letter case and with any extension. */
const DEVICE =
  /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(?=[ .]|$)/i

/**
 * Without the characters that Windows forbids and the trailing dots and spaces that it drops; never
 * hidden. In one Unicode normal form, since macOS treats all forms of a name as the same.
 */
function portable(name: string): string {
  const legal = name
    .normalize('NFC')
    .slice(0, MAX_NAME)
    .replace(/[<>:"/\\|?*\p{Cc}\p{Cs}]/gu, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  return DEVICE.test(legal) ? `_${legal}` : legal
}

/** PS3.5 section 9.1: numbers without leading zeros, separated by dots, at most 64 characters. */
const UID = /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+$/

const isUid = (text: string | undefined): text is string =>
  text !== undefined && text.length <= 64 && UID.test(text)

/**
 * Where each item goes below the transfer's folder, with slashes: `STUDY/SERIES/INSTANCE.dcm`,
 * `documents/0003.pdf`. Names consist of digits, dots and our own words only, and no two items get
 * the same one.
 */
export function itemPaths(items: readonly ManifestItem[]): ReadonlyMap<number, string> {
  const taken = new Set<string>()
  return new Map(
    items.map((item) => {
      const preferred = preferredPath(item)
      const path =
        preferred === undefined || taken.has(preferred)
          ? `items/${numbered(item.index)}.${extensionOf(item.mediaType)}`
          : preferred
      taken.add(path)
      return [item.index, path]
    }),
  )
}

function preferredPath({ kind, index, mediaType, study, series, instance }: ManifestItem) {
  if (kind === 'document') return `documents/${numbered(index)}.${extensionOf(mediaType)}`
  if (!isUid(study) || !isUid(series) || !isUid(instance)) return undefined
  return `${study}/${series}/${instance}.dcm`
}

const numbered = (index: number) => String(index).padStart(4, '0')
