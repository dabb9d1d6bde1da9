/**
 * What names the patient and other people in the source, to be looked for in whatever leaves. Kept
 * in memory only.
 */
import { isUtf8 } from 'node:buffer'
import { NocturneError } from '../../lib/errors.js'
import { type Decode, decodeDefault } from '../../dicom/text/index.js'
import { fold, isPlain, isVerbatim } from '../text/fold.js'
import { isVocabulary, names } from '../text/vocabulary.js'
import { tagsOf, vrOf } from '../../dicom/dictionary/index.js'
import type { Element } from '../../dicom/elements/index.js'
import type { Pace, Steps } from '../../lib/pace.js'
import { birthDateForms, contactForms, dayForms, namesIn, numberForms } from './forms.js'
import { DUMMY_TEXT } from '../values/dummy.js'
import { Matcher } from './matcher.js'
import type { Tokens } from './token-tree.js'

/** Attributes whose value numbers a person, a visit or an order, at any level. */
const ID_TAGS: ReadonlySet<number> = new Set([
  0x00080050, 0x00100020, 0x00100021, 0x00101000, 0x00101050, 0x00101090, 0x00102295, 0x00120040,
  0x00120042, 0x00200010, 0x00321064, 0x00380010, 0x00380060, 0x00400009, 0x00400253, 0x00401001,
  0x00401006, 0x00401007, 0x00402006, 0x00402007, 0x00402016, 0x00402017, 0x0040050a, 0x00400512,
  0x00400551,
])
/**
 * Of them and of names, those of the patient: their words go even where the vocabulary has them.
 */
const PATIENT_TAGS: ReadonlySet<number> = new Set([
  0x00100010, 0x00100020, 0x00100021, 0x00101000, 0x00101001, 0x00101005,
])
/** Text that says where somebody lives or how to reach them: looked for as a whole. */
const CONTACT_TAGS: ReadonlySet<number> = new Set([
  0x00080092, 0x00080094, 0x00101040, 0x00102154, 0x00102155, 0x00401102, 0x00401103, 0x00401104,
])
const BIRTH_DATE = 0x00100030
/**
 * When it was done, in the attributes whose date is moved or taken away: text may tell it all the
 * same.
 */
const STUDY_DATES: ReadonlySet<number> = new Set([
  0x00080012, 0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x0008002a, 0x00380020, 0x00400244,
])

/**
 * Shorter tokens are found in text only, and only as words of their own: in bytes and inside words
 * they come up by chance.
 */
const INSIDE_FROM = 5
/**
 * A number of the header that equals a shorter one does so by chance: series 1001 of order 1001.
 */
const NUMBER_FROM = 6
/** `123-45 678`: how people write long numbers. */
const APART = /\d[-./() ]{1,3}\d/
const ALL_APART = /(?<=\d)[-./() ]{1,3}(?=\d)/g
/** One instance names few people; more than this is an attack on the search, and fails closed. */
const MAX_TOKENS = 2000
const MAX_VALUE_BYTES = 0x4000
/** 16 MiB: 2,000 tokens of 20 characters in an alphabet of 100. */
const MAX_CELLS = 4_000_000
/** What is searched between two looks at the clock. */
const SLICE_BYTES = 0x10000

/** Numbers of devices: identifiers where the profile does not keep the device's identity. */
const DEVICE_TAGS: ReadonlySet<number> = new Set([
  0x00181000, 0x00181003, 0x00181004, 0x00181005, 0x00181007, 0x00181008, 0x0018700a,
])
const INSTITUTION_NAME = 0x00080080
/** Shorter words come up by chance. */
const INSTITUTION_WORD = 3
const INSTITUTION_START = 5

/** What a profile keeps, and so is no identifier. */
export interface Kept {
  readonly device: boolean
  readonly institution: boolean
}

const isNameOf = (tag: number, vr: string): boolean => vr === 'PN' || vrOf(tag) === 'PN'
const NAMING_TAGS: ReadonlySet<number> = new Set([
  ...ID_TAGS,
  ...CONTACT_TAGS,
  ...tagsOf('PN'),
  ...STUDY_DATES,
  ...DEVICE_TAGS,
  INSTITUTION_NAME,
  BIRTH_DATE,
])

/** Whether an attribute names somebody, or numbers, dates or reaches them. */
export const isNaming = (tag: number, vr: string): boolean => vr === 'PN' || NAMING_TAGS.has(tag)

export class Identifiers {
  /**
   * Folded words of names and of the patient's numbers, the vocabulary's too: what cleaning must
   * not let stay.
   */
  readonly names = new Set<string>()
  /** Those that are the patient's and words of the vocabulary: a patient may be called HEAD^HIP. */
  readonly #patientWords = new Set<string>()
  /** Words of the institution's name that no other has. */
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
   * Takes note of `element` of the source, when it names somebody.
   * @throws NocturneError `header_too_complex`
   */
  add(element: Element, buffer: Buffer, decode: Decode): void {
    const { tag, vr } = element
    if (!isNaming(tag, vr)) return
    const isName = isNameOf(tag, vr)
    const isDevice = DEVICE_TAGS.has(tag)
    if (isDevice && this.#kept.device) return
    const isId = isDevice || ID_TAGS.has(tag)
    const isOfPatient = PATIENT_TAGS.has(tag)
    const value = buffer.subarray(element.valueStart, element.valueEnd)
    const tokens = Math.max(this.#tokens.size, this.#bytes.size)
    if (tokens > MAX_TOKENS || value.length > MAX_VALUE_BYTES)
      throw new NocturneError('header_too_complex')
    const text = decode(value).replace(/\0/g, '')
    for (const part of isName ? readings(text, value) : text.split('\\')) {
      if (isName) this.#addName(part, isOfPatient)
      else if (isId) this.#addNumber(part, isOfPatient)
      else if (tag === INSTITUTION_NAME) this.#addInstitution(part)
      else if (tag === BIRTH_DATE) this.#addBirthDate(part)
      else if (STUDY_DATES.has(tag)) this.#addDates(dayForms(part))
      else this.#add(contactForms(part))
    }
    // The same bytes in another character set, or in an element that is not text.
    if (isName && value.some((byte) => byte >= 0x80 || byte === 0x1b)) this.#addBytes(value)
    this.#matcher = undefined
  }

  /** Whether `folded` text holds one, or would without what stands between its digits. */
  isInText(folded: string): boolean {
    const matcher = this.#made()
    if (matcher.isIn(folded)) return true
    return APART.test(folded) && matcher.isIn(folded.replace(ALL_APART, ''))
  }

  /**
   * Whether the text from `start` to `end` holds one; or, unless `areBytesKnown`, its bytes as they
   * are. Nearly all text is ASCII: then who searched the one has searched the other, and nothing is
   * decoded.
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
   * Whether the raw bytes of a value hold one, whatever its VR claims. For values of any size there
   * is `search`.
   */
  isInBytes(buffer: Buffer, start = 0, end: number = buffer.length): boolean {
    return this.#made().follow(buffer, 0, start, end) === -1
  }

  /** As `isInBytes`, in steps. */
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
   * Whether one of the numbers in a value written as text (IS, DS) is one: within longer numbers
   * the digits come up by chance.
   */
  isNumber(buffer: Buffer, start: number, end: number): boolean {
    if (!this.isInBytes(buffer, start, end)) return false
    return buffer
      .toString('latin1', start, end)
      .split('\\')
      .map((part) => /^[\s+-]*0*(\d+)(?:\.0*)?[\s\0]*$/.exec(part)?.[1] ?? '')
      .some((digits) => digits.length >= NUMBER_FROM && this.#tokens.has(digits))
  }

  /** Whether a DA or DT tells when somebody was born. */
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

  /** Of others, a name that consists of words only is none: operators are called CT TECH. */
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
   * Whether folded text has a word of the institution's name, in full or cut off at the end of a
   * short value.
   */
  namesInstitution(folded: string): boolean {
    if (this.#institution.size === 0) return false
    const words = folded.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length >= INSTITUTION_WORD)
    return words.some((word) =>
      [...this.#institution].some(
        (own) =>
          own === word ||
          (word.length >= INSTITUTION_START && own.startsWith(word)) ||
          (own.length >= INSTITUTION_START && word.includes(own)),
      ),
    )
  }

  /** Whether a time or a number is the patient's very number. */
  isPatientNumber(text: string): boolean {
    return this.#patientNumbers.has(text.trim())
  }

  /** Whether folded text has a word of the patient's that the vocabulary has too. */
  hasPatientWord(folded: string): boolean {
    return (
      this.#patientWords.size > 0 &&
      folded.split(/[^\p{L}\p{N}]+/u).some((word) => this.#patientWords.has(word))
    )
  }

  /** Whether any text may hold such a word. */
  get hasPatientWords(): boolean {
    return this.#patientWords.size > 0
  }

  /**
   * A word that is not ASCII as UTF-8 and as Latin-1: files name one of them and write the other.
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

  /** Shorter ones come up in bytes by chance. */
  #addRaw(bytes: string): void {
    if (bytes.length >= 4) this.#bytes.add(bytes.toLowerCase())
  }

  #addBirthDate(date: string): void {
    const day = date.trim().replaceAll('.', '')
    if (/^\d{8}$/.test(day)) this.#birthDates.add(day)
    this.#addDates(birthDateForms(date))
  }

  /** No word of the vocabulary is a date. */
  #addDates(forms: readonly string[]): void {
    for (const form of forms) this.#tokens.add(form)
  }

  #add(forms: Iterable<string>): void {
    for (const form of forms) if (!isVocabulary(form)) this.#tokens.add(form)
  }

  #addBytes(value: Buffer): void {
    for (const part of decodeDefault(value).split(/[\^=\\ \0]+/)) {
      // Without the escapes of ISO 2022, which need not stand where the text is repeated.
      const bare = part.replace(/\x1b(?:\$?[()-]?[A-Za-z@])/g, '')
      this.#addRaw(part)
      this.#addRaw(bare)
    }
  }
}

/** Not by cleaning itself: patients are called Anonymized where somebody was here before. */
const isWrittenByOthers = (text: string): boolean =>
  /^\p{L}/u.test(text) && text !== fold(DUMMY_TEXT)

const isOfWords = (word: string): boolean => isVocabulary(word) || /^\d{1,2}$/.test(word)
/** A word that nobody is called. */
const isCommon = (text: string): boolean => isVocabulary(text) && !names().all.has(text)

/** As its character set says, and as UTF-8 where it is that: files name a set and write another. */
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
