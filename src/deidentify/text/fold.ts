/** Text as it is compared: lower case, without accents. */

/** Letters that are no other letter with a mark to Unicode. */
const BARE: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
}

/**
 * Lower case, without accents and without what is not seen, such as soft hyphens: how identifiers
 * and words are compared.
 */
export const fold = (text: string): string =>
  isPlain(text)
    ? text.toLowerCase()
    : text
        .normalize('NFKD')
        .replace(/[\p{M}\p{Cf}]/gu, '')
        .toLowerCase()
        .replace(/[ßæœøłđðþħı]/g, (letter) => BARE[letter] ?? letter)

/**
 * Whether all of it is printable ASCII. In a loop: of short text a regular expression takes several
 * times as long.
 */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/**
 * Whether `text` is the bytes that it was read from: who searched the one has searched the other.
 */
export const isVerbatim = (text: string, bytes: Buffer): boolean =>
  text.length === bytes.length && isPlain(text)
