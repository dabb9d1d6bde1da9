/** Encodes cleaned text in the character set from which it was read. */
import { isUtf8 } from 'node:buffer'
import { decodeDefault, type Decode } from '../../dicom/text/index.js'
import { fold, isPlain } from './fold.js'

/**
 * Decodes by the declared character set, or as UTF-8 if that is what the text is: files may declare
 * one set and contain another.
 */
export const readWritten = (bytes: Buffer, decode: Decode): string =>
  isMislabelled(bytes, decode) ? bytes.toString('utf8') : decode(bytes)

const isMislabelled = (bytes: Buffer, decode: Decode): boolean =>
  bytes.some((byte) => byte >= 0x80) && decode(HIGH).length === 2 && isUtf8(bytes)
/** `ä` in UTF-8: two characters in any single-byte character set. */
const HIGH = Buffer.from([0xc3, 0xa4])

/**
 * Encodes `text`, whose characters all occur in `source`, in the character set of `source`. Accents
 * are dropped if that set uses multi-byte characters or escape sequences, because it cannot be
 * encoded character by character.
 */
export function encodeWritten(text: string, source: Buffer, decode: Decode): Buffer {
  if (isPlain(text)) return Buffer.from(text, 'latin1')
  if (isMislabelled(source, decode)) return Buffer.from(text, 'utf8')
  for (const bytes of [
    Buffer.from(text, 'latin1'),
    Buffer.from(text, 'utf8'),
    singleBytes(text, decode),
  ])
    if (bytes && decode(bytes) === text) return bytes
  return Buffer.from(inAscii(text), 'latin1')
}

/**
 * Encodes with the characters of the upper half; undefined when one of `text` is not among them.
 */
function singleBytes(text: string, decode: Decode): Buffer | undefined {
  if (decode === decodeDefault) return undefined
  const byCharacter = new Map<string, number>()
  for (let byte = 0xa0; byte < 0x100; byte++) byCharacter.set(decode(Buffer.from([byte])), byte)
  const bytes = Array.from(text, (character) =>
    character.charCodeAt(0) < 0x80 ? character.charCodeAt(0) : (byCharacter.get(character) ?? -1),
  )
  return bytes.includes(-1) ? undefined : Buffer.from(bytes)
}

const inAscii = (text: string): string =>
  Array.from(text, (character) =>
    character.charCodeAt(0) < 0x80 ? character : cased(character),
  ).join('')

function cased(character: string): string {
  const bare = fold(character).replace(/[^\x20-\x7e]/g, ' ')
  return character === character.toLowerCase() ? bare : bare.toUpperCase()
}
