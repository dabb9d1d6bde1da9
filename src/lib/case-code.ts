/**
 * Codes that people say to each other over the telephone: `K7Q-4MD`. No vowels, so that none spells
 * a word; nothing that is heard or read as something else; a digit in each half, so that no run of
 * consonants is taken for an abbreviation.
 */
import { randomInt } from 'node:crypto'

const LETTERS = 'BCDFGHJKMNPQRTVWXZ'
const DIGITS = '2346789'
const ALL = LETTERS + DIGITS
const HALF = `(?=[${LETTERS}]*[${DIGITS}])[${ALL}]{3}`

/** One of 96 million. Who makes it sees to it that it is new. */
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
 * As people type it: lower case, without its hyphen, or with a blank for it. Undefined for what is
 * no code.
 */
export function readCaseCode(text: string): string | undefined {
  const [, first, second] = CASE_CODE.exec(text.trim().toUpperCase().replace(/\s+/, '-')) ?? []
  return first !== undefined && second !== undefined ? `${first}-${second}` : undefined
}
