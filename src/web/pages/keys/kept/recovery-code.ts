/** A code that a person prints and types: 160 random bits in letters that are not confused. */

/** Crockford's alphabet: no I, L, O or U. 32 letters, so that five bits are one letter. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 32

export const newRecoveryCode = (): string =>
  inFours(
    [...crypto.getRandomValues(new Uint8Array(LENGTH))]
      .map((octet) => LETTERS[octet & 31])
      .join(''),
  )

/** The code as it was printed, whatever its case and spaces; undefined for any other text. */
export function readRecoveryCode(typed: string): string | undefined {
  const letters = typed
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{32}$/.test(letters) ? inFours(letters) : undefined
}

const inFours = (letters: string): string => (letters.match(/.{4}/g) ?? []).join('-')
