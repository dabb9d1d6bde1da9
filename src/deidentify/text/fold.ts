/** The form in which texts are compared: lower case, without accents. */

/** Letters that Unicode does not decompose into a base letter and a mark. */
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
 * Converts to lower case, and removes accents and invisible characters such as soft hyphens.
 * Identifiers and words are compared in this form.
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
 * Whether the text is all printable ASCII. A loop, because for short text a regular expression
 * takes several times as long.
 */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/**
 * Whether `text` has the same bytes as the value it was decoded from, so that searching one has
 * searched the other.
 */
export const isVerbatim = (text: string, bytes: Buffer): boolean =>
  text.length === bytes.length && isPlain(text)
