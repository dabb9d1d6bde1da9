/**
 * Numbers in text: a measurement or a count is kept, with its unit and label; a number that could
 * be a date, telephone number or ID is cut.
 */
import { LABEL, TECHNIQUE, UNIT } from './roles.js'
import type { Cut } from './cut.js'
import type { Vocabulary } from './vocabulary.js'

interface Judged {
  readonly roles: number
  readonly cut: Cut | undefined
}

const KEPT: Judged = { roles: TECHNIQUE, cut: undefined }
const IDENTIFYING: Judged = { roles: 0, cut: 'name' }
const UNKNOWN: Judged = { roles: 0, cut: 'unknown' }

/** Three parts, or a day and month with the final full stop of German. */
const DATE =
  /\d{1,4}([./-])\d{1,2}\1\d{1,4}(?![\p{L}\p{N}])|\d{1,2}\.\d{1,2}\.(?!\d)|\d{1,2}\.\d{4}(?!\d)/uy
const CLOCK = /\d{1,2}:\d{2}(?::\d{2})?(?!\d)/y
const NUMBER = /\d+(?:[.,]\d+)*/y
/** Letters and digits directly after the number. */
const REST = /[\p{L}\p{M}\p{N}]*/uy
/** Digits of a whole number that identifies nobody on its own. */
const SHORT = 3
/** Digits allowed with a unit, or with a technique label before or after it. */
const MEASURED = 5

/** Classifies the number that begins at `at`; undefined if there is none. */
export function numberAt(text: string, lower: string, at: number, vocabulary: Vocabulary) {
  DATE.lastIndex = at
  const date = DATE.exec(text)?.[0]
  if (date !== undefined) return { end: at + date.length, ...IDENTIFYING }
  CLOCK.lastIndex = at
  const clock = CLOCK.exec(text)?.[0]
  if (clock !== undefined) return { end: at + clock.length, ...KEPT }
  NUMBER.lastIndex = at
  const number = NUMBER.exec(text)?.[0] ?? ''
  if (number === '') return undefined
  REST.lastIndex = at + number.length
  const rest = REST.exec(text)?.[0] ?? ''
  const end = at + number.length + rest.length
  const whole = lower.slice(at, end)
  if (rest === '') return { end, ...judgeNumber(number, text.slice(end)) }
  const roles = vocabulary.rolesOf(whole)
  if (roles !== 0) return { end, roles, cut: undefined }
  return { end, ...judgeMixed(whole, vocabulary) }
}

/** Digits only. Whether a longer number is kept depends on its neighbours; see `neighbours.ts`. */
function judgeNumber(number: string, behind: string): Judged {
  const digits = number.split(/[.,]/)
  if (digits.length > 2) return IDENTIFYING
  const [whole = '', decimals = ''] = digits
  if (/^\s?%/.test(behind)) return KEPT
  if (whole.length > MEASURED || decimals.length > 4) return IDENTIFYING
  // A leading zero is never part of a count: 007 identifies somebody.
  return whole.length > 1 && whole.startsWith('0') ? IDENTIFYING : KEPT
}

const isUnit = (letters: string, vocabulary: Vocabulary): boolean =>
  (vocabulary.rolesOf(letters) & UNIT) !== 0

/** Letters and digits in one word, folded: `5mm`, `T12`, `B30f`, `3x3`, `ISOVUE300`. */
export function judgeMixed(word: string, vocabulary: Vocabulary): Judged {
  const [, digits, letters] = /^(\d{1,5}(?:[.,]\d{1,3})?)(\p{L}+[23]?)$/u.exec(word) ?? []
  if (digits !== undefined && letters !== undefined && isUnit(letters, vocabulary))
    return { roles: TECHNIQUE | UNIT, cut: undefined }
  if (FAMILIES.some((family) => family.test(word))) return KEPT
  const [, label, number] = /^(\p{L}+)(\d{1,4})$/u.exec(word) ?? []
  if (label !== undefined && number !== undefined) {
    const roles = vocabulary.rolesOf(label)
    // `x4471` is a telephone extension.
    const isLabel = (roles & LABEL) !== 0 && (label.length > 1 || number.length <= SHORT)
    if (isLabel || (roles !== 0 && label.length > 2 && number.length <= SHORT))
      return { roles: roles & ~LABEL, cut: undefined }
  }
  const leading = /^(\d{1,3})(\p{L}{2,})$/u.exec(word)
  const roles = leading ? vocabulary.rolesOf(leading[2] ?? '') : 0
  if (roles !== 0) return { roles, cut: undefined }
  return (word.match(/\d/g) ?? []).length > 2 ? IDENTIFYING : UNKNOWN
}

/**
 * Words of letters and digits that scanners and radiologists write; none has enough digits to
 * identify a person.
 */
const FAMILIES: readonly RegExp[] = [
  // Vertebrae, ribs and rays; teeth.
  /^[ctlsd]\d{1,2}(?:[ctls]\d{1,2})?$/,
  /^(?:th|co|mt|mc|hwk|bwk|lwk|swk|dig|d|s|m|v|cn|st)\d{1,2}$/,
  // Diffusion, echo and inversion times, flip angles, matrices.
  /^(?:te|tr|ti|fa|b)\d{1,4}$|^\d{1,4}b$|^[psxghaenrizq]\d{1,3}$/,
  /^\d{1,4}x\d{1,4}(?:x\d{1,4})?(?:mm|cm)?$/,
  /^\d{1,2}(?:st|nd|rd|th|d|ch|v|vw|vws|t|x|p|s|c|a|b|er|re|e|eme|ere|o|ª|º|a)$/,
  // Convolution kernels of the manufacturers.
  /^(?:[bhtucud]|b[rvlfp]|h[rcpdvfn]|q[rv]|s[ar]|u[rb]|t[rfb]|i|j|fc|fl|e|ya|yb|yc)\d{1,2}[a-z]?\d?$/,
  // Pulse sequences: tse2d1, fl3d1r, ep2d.
  /^(?:tse|fl|ep|tfl|gr|se|tgse|spc|de|tfi|tir|qfl|resolve|medic|swi|vibe|fgre|ssfse)\d?d?\d{0,3}r?r?$/,
  // A nuclide: f18, tc99m, ga68, i131, y90.
  /^(?:f18|18f|tc99m?|99mtc|ga6[78]|6[78]ga|i12[35]|i131|in111|tl201|y90|lu177|ra223|xe133|cu64|zr89|n13|o15|c11|rb82)$/,
]

/** Whole numbers up to 999, and decimals: these are kept anywhere. */
export function isHarmless(number: string): boolean {
  const [whole = '', decimals] = number.split(/[.,]/)
  return whole.length <= SHORT && (decimals === undefined || decimals.length <= 4)
}
