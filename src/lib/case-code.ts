/**
 * Codes that people say to each other over the telephone: `K7Q-4MD`. No vowels, so that no code
 * spells a word; no characters that are easily misheard or misread; a digit in each half, so that
 * no run of consonants looks like an abbreviation.
 */
import { randomInt } from 'node:crypto'

const LETTERS = 'BCDFGHJKMNPQRTVWXZ'
const DIGITS = '2346789'
const ALL = LETTERS + DIGITS
const HALF = `(?=[${LETTERS}]*[${DIGITS}])[${ALL}]{3}`

/** One of 96 million. The caller ensures that it is new. */
export const newCaseCode = (): string => `${half()}-${half()}`

function half(): string {
  for (;;) {
    const text = Array.from({ length: 3 }, () => ALL.charAt(randomInt(ALL.length))).join('')
    if (CASE_HALF.test(text)) return text
  }
}

const CASE_HALF = new RegExp(`^${HALF}$`)
const CASE_CODE = new RegExp(`^(${HALF})-?(${HALF})$`)

/**
 * Accepts a code as people type it: in lower case, without the hyphen, or with a space instead of
 * it. Undefined when the text is not a code.
 */
export function readCaseCode(text: string): string | undefined {
  const [, first, second] = CASE_CODE.exec(text.trim().toUpperCase().replace(/\s+/, '-')) ?? []
  return first !== undefined && second !== undefined ? `${first}-${second}` : undefined
}
