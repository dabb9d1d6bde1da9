/**
 * Text reports: read in their own character set, so that every byte that is not replaced is kept.
 */
import { isUtf8 } from 'node:buffer'
import { CommandError } from '../command-error.js'

/** What the gateway generates: UIDs under 2.25, and codes of twelve characters. */
const UID = /(?<![0-9.])2\.25\.\d{1,39}(?![0-9])/g
const CODE = /(?<![A-Za-z0-9])[2-9A-HJ-NP-Z]{12}(?![A-Za-z0-9])/g

export interface ReturnedText {
  readonly codes: readonly string[]
  readonly uids: ReadonlySet<string>
  /**
   * The bytes with each code and UID replaced by its `originalOf`; undefined when none is known.
   *
   * @throws CommandError `character_set_too_small` when the text's character set lacks letters of
   * an original
   */
  readonly restored: (originalOf: (pseudonym: string) => string | undefined) => Buffer | undefined
}

interface Encoding {
  /**
   * Codes and UIDs appear in it as plain text; everything else is returned unchanged by `toBytes`.
   */
  readonly text: string
  readonly toBytes: (text: string) => Buffer
  /** An original in the encoding of `text`; undefined when it cannot be encoded. */
  readonly written: (original: string) => string | undefined
}

/** @throws CommandError `not_reidentifiable` for an unrecognized character set */
export function readReturnedText(bytes: Buffer): ReturnedText {
  const { text, toBytes, written } = encodingOf(bytes)
  return {
    codes: [...new Set(text.match(CODE))],
    uids: new Set(text.match(UID)),
    restored: (originalOf) => {
      const found = new Set<string>()
      const replace = (pseudonym: string): string => {
        const original = originalOf(pseudonym)
        if (original === undefined) return pseudonym
        found.add(pseudonym)
        const form = written(original)
        if (form === undefined) throw tooSmall()
        return form
      }
      const after = text.replace(UID, replace).replace(CODE, replace)
      return found.size > 0 ? toBytes(after) : undefined
    },
  }
}

function encodingOf(bytes: Buffer): Encoding {
  const order = byteOrderOf(bytes)
  if (order !== undefined) return utf16(bytes, order)
  if (!isPrintable(bytes)) throw unrecognised()
  if (isUtf8(bytes)) return inBytes(bytes, (original) => Buffer.from(original, 'utf8'))
  if (HIGH_RUN.test(bytes.toString('latin1')) || bytes.some((byte) => UNDEFINED.has(byte)))
    throw unrecognised()
  return inBytes(bytes, windows1252)
}

/**
 * ASCII is the same in UTF-8, Latin-1 and Windows-1252, so the text is searched as bytes.
 */
const inBytes = (bytes: Buffer, encode: (original: string) => Buffer | undefined): Encoding => ({
  text: bytes.toString('latin1'),
  toBytes: (text) => Buffer.from(text, 'latin1'),
  written: (original) => encode(original)?.toString('latin1'),
})

function utf16(bytes: Buffer, order: 'little' | 'big'): Encoding {
  if (bytes.length % 2 !== 0) throw unrecognised()
  const swapped = (buffer: Buffer): Buffer =>
    order === 'big' ? Buffer.from(buffer).swap16() : buffer
  return {
    text: swapped(bytes).toString('utf16le'),
    toBytes: (text) => swapped(Buffer.from(text, 'utf16le')),
    written: (original) => original,
  }
}

/**
 * Detected by the byte order mark or, without one, by the position of the zero bytes of plain
 * letters.
 */
function byteOrderOf(bytes: Buffer): 'little' | 'big' | undefined {
  if (bytes.length < 2) return undefined
  const mark = bytes.readUInt16BE(0)
  if (mark === 0xfffe) return 'little'
  if (mark === 0xfeff) return 'big'
  const zeros = [0, 0]
  bytes.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  })
  const [even = 0, odd = 0] = zeros
  if (Math.min(even, odd) > 0 || Math.max(even, odd) * 4 < bytes.length) return undefined
  return odd > 0 ? 'little' : 'big'
}

const CONTROLS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d])
/** No zero bytes, and none of the escapes that other character sets begin with. */
const isPrintable = (bytes: Buffer): boolean =>
  bytes.every((byte) => byte >= 0x20 || CONTROLS.has(byte))

/** Accented letters occur alone or in pairs; two-byte character sets have runs of such bytes. */
const HIGH_RUN = /[\x80-\xff]{4}/
/** Bytes that are unassigned in Windows-1252. */
const UNDEFINED: ReadonlySet<number> = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d])
/** Bytes 0x80 to 0x9F, which are control characters in Latin-1. */
const WINDOWS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

function windows1252(original: string): Buffer | undefined {
  const codes = Array.from(original, (letter) => {
    const code = letter.charCodeAt(0)
    if (code < 0x80 || (code > 0x9f && code < 0x100)) return code
    const at = WINDOWS.indexOf(letter)
    return at < 0 ? -1 : 0x80 + at
  })
  return codes.includes(-1) ? undefined : Buffer.from(codes)
}

const unrecognised = () =>
  new CommandError('the character set of this text is not recognised', {
    code: 'not_reidentifiable',
    hint: 'save it as UTF-8, UTF-16, Latin-1 or Windows-1252 and repeat',
  })

const tooSmall = () =>
  new CommandError('the character set of this text cannot represent letters of the original', {
    code: 'character_set_too_small',
    hint: 'save it as UTF-8 and repeat',
  })
