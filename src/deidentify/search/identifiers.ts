/**
 * The identifiers of the patient and of other people in the source, to be searched for in all
 * output. Kept only in memory.
 */
import { isUtf8 } from 'node:buffer'
import { NocturneError } from '../../lib/errors.js'
import { type Decode, decodeDefault } from '../../dicom/text/index.js'
import { fold, isPlain, isVerbatim } from '../text/fold.js'
import { isVocabulary, names } from '../text/vocabulary.js'
import type { Element } from '../../dicom/elements/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { birthDateForms, contactForms, dayForms, namesIn, numberForms } from './forms.js'
import { DUMMY_TEXT } from '../values/dummy.js'
import { Matcher } from './matcher.js'
import { isNaming, isOfPatient, namingOf, type Naming } from './naming.js'
import type { Tokens } from './token-tree.js'

/**
 * Shorter tokens are searched for only in text and only as separate words: in bytes and inside
 * words they occur by coincidence.
 */
const INSIDE_FROM = 5
/**
 * A header number that equals a shorter token does so by coincidence: series 1001 of order 1001.
 */
const NUMBER_FROM = 6
/** `123-45 678`: how people write long numbers. */
const APART = /\d[-./() ]{1,3}\d/
const ALL_APART = /(?<=\d)[-./() ]{1,3}(?=\d)/g
/**
 * One instance names few people; more tokens than this are an attack on the search, and the
 * instance is refused.
 */
const MAX_TOKENS = 2000
const MAX_VALUE_BYTES = 0x4000
/** 16 MiB: 2,000 tokens of 20 characters in an alphabet of 100. */
const MAX_CELLS = 4_000_000
/** Bytes searched before checking whether to yield. */
const SLICE_BYTES = 0x10000

/** Shorter words occur by coincidence. */
const INSTITUTION_WORD = 3
const INSTITUTION_START = 5

/** What a profile retains, and what therefore does not count as an identifier. */
export interface Kept {
  readonly device: boolean
  readonly institution: boolean
}

export class Identifiers {
  /**
   * Folded words of names and of the patient's numbers, even those in the vocabulary: cleaning must
   * not keep any of them.
   */
  readonly names = new Set<string>()
  /**
   * Words of the patient's names and numbers that are also in the vocabulary: a patient may be
   * called HEAD^HIP.
   */
  readonly #patientWords = new Set<string>()
  /** Words of the institution's name, except common ones. */
  readonly #institution = new Set<string>()
  readonly #patientNumbers = new Set<string>()
  readonly #kept: Kept
  /** `YYYYMMDD`. */
  readonly #birthDates = new Set<string>()
  readonly #tokens = new Set<string>()
  readonly #bytes = new Set<string>()
  #matcher: Matcher | undefined

  constructor(kept: Kept) {
    this.#kept = kept
  }

  /**
   * Records the identifiers in `element` of the source, if it has any.
   *
   * @throws NocturneError `header_too_complex`
   */
  add(element: Element, buffer: Buffer, decode: Decode): void {
    const { tag, vr } = element
    if (!isNaming(tag, vr)) return
    const naming = namingOf(tag, vr)
    if (naming === 'device' && this.#kept.device) return
    const isName = naming === 'name'
    const value = buffer.subarray(element.valueStart, element.valueEnd)
    const tokens = Math.max(this.#tokens.size, this.#bytes.size)
    if (tokens > MAX_TOKENS || value.length > MAX_VALUE_BYTES)
      throw new NocturneError('header_too_complex')
    const text = decode(value).replace(/\0/g, '')
    for (const part of isName ? readings(text, value) : text.split('\\')) {
      this.#addAs(naming, part, isOfPatient(tag))
    }
    // The same bytes could occur in another character set, or in an element that is not text.
    if (isName && value.some((byte) => byte >= 0x80 || byte === 0x1b)) this.#addBytes(value)
    this.#matcher = undefined
  }

  #addAs(naming: Naming, part: string, isPatients: boolean): void {
    switch (naming) {
      case 'name':
        this.#addName(part, isPatients)
        break
      case 'number':
      case 'device':
        this.#addNumber(part, isPatients)
        break
      case 'institution':
        this.#addInstitution(part)
        break
      case 'birth date':
        this.#addBirthDate(part)
        break
      case 'study date':
        this.#addDates(dayForms(part))
        break
      case 'contact':
        this.#add(contactForms(part))
    }
  }

  /**
   * Whether `folded` text contains an identifier, either as it is or with the separators between
   * digits removed.
   */
  isInText(folded: string): boolean {
    const matcher = this.#made()
    if (matcher.isIn(folded)) return true
    return APART.test(folded) && matcher.isIn(folded.replace(ALL_APART, ''))
  }

  /**
   * Whether the text from `start` to `end` contains an identifier, or its raw bytes do, unless
   * `areBytesKnown` says that they were already searched. Nearly all text is ASCII, for which the
   * two searches are the same and nothing is decoded.
   */
  isInWritten(
    buffer: Buffer,
    start: number,
    end: number,
    decode: Decode,
    areBytesKnown = false,
  ): boolean {
    const isIn = this.#made().isInAscii(buffer, start, end)
    if (isIn !== undefined) return isIn
    const value = buffer.subarray(start, end)
    const text = decode(value)
    if (this.isInText(fold(text))) return true
    return !areBytesKnown && !isVerbatim(text, value) && this.isInBytes(value)
  }

  /**
   * Whether the raw bytes of a value contain an identifier, regardless of its VR. Use `search` for
   * values of unbounded size.
   */
  isInBytes(buffer: Buffer, start = 0, end: number = buffer.length): boolean {
    return this.#made().follow(buffer, 0, start, end) === -1
  }

  /** Like `isInBytes`, in steps. */
  *search(value: Buffer, pace: Pace): Steps<boolean> {
    const matcher = this.#made()
    let state = 0
    for (let at = 0; at < value.length && state !== -1; at += SLICE_BYTES) {
      state = matcher.follow(value, state, at, Math.min(at + SLICE_BYTES, value.length))
      if (pace.isDue(SLICE_BYTES >> 8)) yield
    }
    return state === -1
  }

  /**
   * Whether a value written as text (IS, DS) contains an identifier as a whole number: inside
   * longer numbers the digits occur by coincidence.
   */
  isNumber(buffer: Buffer, start: number, end: number): boolean {
    if (!this.isInBytes(buffer, start, end)) return false
    return buffer
      .toString('latin1', start, end)
      .split('\\')
      .map((part) => /^[\s+-]*0*(\d+)(?:\.0*)?[\s\0]*$/.exec(part)?.[1] ?? '')
      .some((digits) => digits.length >= NUMBER_FROM && this.#tokens.has(digits))
  }

  /** Whether a DA or DT is the birth date. */
  isBirthDate(date: string): boolean {
    return this.#birthDates.has(date.replaceAll('.', '').slice(0, 8))
  }

  #made(): Matcher {
    if (this.#matcher) return this.#matcher
    const inside = [...this.#bytes]
    const words: string[] = []
    for (const token of this.#tokens) (token.length < INSIDE_FROM ? words : inside).push(token)
    return (this.#matcher = matcher({ inside, words }))
  }

  /**
   * Names of people other than the patient are ignored if they consist of common words only:
   * operators are called CT TECH.
   */
  #addName(name: string, isOfPatient: boolean): void {
    const forms = namesIn(name)
    const isNobody = !isOfPatient && forms.every(({ text, isWord }) => !isWord || isCommon(text))
    if (isNobody) return
    for (const { text, isWord } of forms) {
      if (isWord) this.names.add(text)
      const isToken = !isVocabulary(text) || (isWord && !isOfPatient && names().all.has(text))
      if (isToken && !/^\d{1,3}$/.test(text)) this.#tokens.add(text)
      else if (isWord && isOfPatient && isWrittenByOthers(text)) this.#patientWords.add(text)
    }
    for (const word of name.split(/[\^=\s]+/)) this.#addEncoded(word)
  }

  #addNumber(number: string, isOfPatient: boolean): void {
    const words = fold(number)
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word !== '')
    const isWords = words.some((word) => /^\p{L}{2}/u.test(word)) && words.every(isOfWords)
    if (isOfPatient && /^\d{4,}$/.test(number.trim())) this.#patientNumbers.add(number.trim())
    if (!isWords) this.#add(numberForms(number))
    else if (isOfPatient)
      for (const word of words) {
        if (word.length < 2) continue
        this.names.add(word)
        this.#patientWords.add(word)
      }
  }

  #addInstitution(name: string): void {
    if (this.#kept.institution) return
    for (const word of fold(name).split(/[^\p{L}\p{N}]+/u))
      if (word.length >= INSTITUTION_WORD && !isCommon(word)) this.#institution.add(word)
  }

  /**
   * Whether folded text contains a word of the institution's name, in full or truncated at the end
   * of a short value.
   */
  namesInstitution(folded: string): boolean {
    if (this.#institution.size === 0) return false
    const words = folded.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length >= INSTITUTION_WORD)
    return words.some((word) =>
      [...this.#institution].some(
        (own) =>
          own === word ||
          own === withoutDigits(word) ||
          (word.length >= INSTITUTION_START && own.startsWith(word)) ||
          (own.length >= INSTITUTION_START && word.includes(own)),
      ),
    )
  }

  /** Whether a time or a number is exactly the patient's number. */
  isPatientNumber(text: string): boolean {
    return this.#patientNumbers.has(text.trim())
  }

  /** Whether folded text contains a word of the patient's that is also in the vocabulary. */
  hasPatientWord(folded: string): boolean {
    return (
      this.#patientWords.size > 0 &&
      folded
        .split(/[^\p{L}\p{N}]+/u)
        .some((word) => this.#patientWords.has(word) || this.#patientWords.has(withoutDigits(word)))
    )
  }

  /** Whether there are any such words. */
  get hasPatientWords(): boolean {
    return this.#patientWords.size > 0
  }

  /**
   * Adds a non-ASCII word encoded as UTF-8 and as Latin-1: files may declare one of them and
   * contain the other.
   */
  #addEncoded(word: string): void {
    if (isPlain(word)) return
    const encodings = /^[\x20-\xff]*$/.test(word)
      ? (['utf8', 'latin1'] as const)
      : ['utf8' as const]
    for (const cased of [word, word.toLowerCase(), word.toUpperCase()])
      for (const encoding of encodings)
        this.#addRaw(Buffer.from(cased, encoding).toString('latin1'))
  }

  /** Shorter ones occur in bytes by coincidence. */
  #addRaw(bytes: string): void {
    if (bytes.length >= 4) this.#bytes.add(bytes.toLowerCase())
  }

  #addBirthDate(date: string): void {
    const day = date.trim().replaceAll('.', '')
    if (/^\d{8}$/.test(day)) this.#birthDates.add(day)
    this.#addDates(birthDateForms(date))
  }

  /** Added directly, because no word of the vocabulary is a date. */
  #addDates(forms: readonly string[]): void {
    for (const form of forms) this.#tokens.add(form)
  }

  #add(forms: Iterable<string>): void {
    for (const form of forms) if (!isVocabulary(form)) this.#tokens.add(form)
  }

  #addBytes(value: Buffer): void {
    for (const part of decodeDefault(value).split(/[\^=\\ \0]+/)) {
      // Without the escape sequences of ISO 2022, which may be missing where the text is repeated.
      const bare = part.replace(/\x1b(?:\$?[()-]?[A-Za-z@])/g, '')
      this.#addRaw(part)
      this.#addRaw(bare)
    }
  }
}

/**
 * Whether people could have written the word, rather than de-identification: patients are called
 * ANONYMIZED in files that were de-identified before.
 */
const isWrittenByOthers = (text: string): boolean =>
  /^\p{L}/u.test(text) && text !== fold(DUMMY_TEXT)

/** Station names and the like number what they name: KNEE1, 3UKE. */
const withoutDigits = (word: string): string => word.replace(/^\d+|\d+$/g, '')

const isOfWords = (word: string): boolean => isVocabulary(word) || /^\d{1,2}$/.test(word)
/** A word that is not used as a name. */
const isCommon = (text: string): boolean => isVocabulary(text) && !names().all.has(text)

/**
 * The text as its character set says, and as UTF-8 if it is valid UTF-8: files may declare one
 * character set and contain another.
 */
function readings(text: string, value: Buffer): readonly string[] {
  const isMislabelled = value.some((byte) => byte >= 0x80) && isUtf8(value)
  return [...text.split('\\'), ...(isMislabelled ? value.toString('utf8').split('\\') : [])]
}

function matcher(tokens: Tokens): Matcher {
  try {
    return new Matcher(tokens, MAX_CELLS)
  } catch (cause) {
    throw new NocturneError('header_too_complex', { cause })
  }
}
