/**
 * What the walker makes of a data set: elements as ranges of one buffer, nothing copied, nothing
 * decoded.
 */

export interface Encoding {
  readonly explicit: boolean
  readonly bigEndian: boolean
}

export const IMPLICIT: Encoding = { explicit: false, bigEndian: false }
export const EXPLICIT: Encoding = { explicit: true, bigEndian: false }
export const EXPLICIT_BIG: Encoding = { explicit: true, bigEndian: true }

export interface Element {
  /** Unsigned, group in the upper 16 bits. */
  readonly tag: number
  /** As the file says; under implicit VR as the dictionary says, `UN` when it does not know. */
  readonly vr: string
  readonly start: number
  readonly valueStart: number
  /** Without a sequence delimiter. */
  readonly valueEnd: number
  /** With the sequence delimiter. */
  readonly end: number
  readonly undefinedLength: boolean
  /** Of a sequence, whether it is written as SQ or as UN (PS3.5 6.2.2). */
  readonly items?: readonly Item[]
  /** An encapsulated value: fragments up to a delimiter. */
  readonly fragments?: true
  /**
   * A sequence with delimiters that break the rules, in itself or an item: it is never copied as it
   * stands.
   */
  readonly isIrregular?: boolean
}

/** The element with that tag in one data set. */
export function findElement(elements: readonly Element[], tag: number): Element | undefined {
  for (const element of elements) if (element.tag === tag) return element
  return undefined
}

export interface Item {
  readonly start: number
  readonly valueStart: number
  readonly valueEnd: number
  readonly end: number
  readonly undefinedLength: boolean
  readonly encoding: Encoding
  readonly elements: readonly Element[]
  readonly isIrregular?: boolean
}

export const UNDEFINED_LENGTH = 0xffffffff
export const ITEM = 0xfffee000
export const ITEM_END = 0xfffee00d
export const SEQUENCE_END = 0xfffee0dd

const SHORT = 'AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' ')
const LONG = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' ')

/** VRs whose explicit length has 32 bits behind two reserved bytes (PS3.5 Table 7.1-1). */
export const LONG_VRS: ReadonlySet<string> = new Set(LONG)

interface Vr {
  readonly vr: string
  readonly long: boolean
}

const VRS: readonly (Vr | undefined)[] = [
  undefined,
  ...[...SHORT, ...LONG].map((vr) => ({ vr, long: LONG_VRS.has(vr) })),
]
/** By the two letters: every element of an explicit VR asks. */
const places = new Uint8Array(0x10000)
for (const [place, known] of VRS.entries())
  if (known) places[Buffer.from(known.vr).readUInt16BE()] = place

/** From 1 to 34. */
export const numberOfVr = (vr: string): number =>
  places[(vr.charCodeAt(0) << 8) | vr.charCodeAt(1)] ?? 0

/** The VR whose two letters are `code` as a big-endian number. */
export const vrNamed = (code: number): Vr | undefined => VRS[places[code] ?? 0]

export const TEXT_VRS: ReadonlySet<string> = new Set('LO SH ST LT UT UC'.split(' '))

const PIXEL_TAGS: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])

/** Float, Double Float and plain Pixel Data. */
export const isPixelData = (tag: number): boolean => tag >>> 16 === 0x7fe0 && PIXEL_TAGS.has(tag)

/**
 * Extended Offset Table, its lengths, and the length of all of Pixel Data: 64-bit numbers (PS3.3
 * C.7.6.3.1.8).
 */
const OFFSET_TABLES: ReadonlySet<number> = new Set([0x7fe00001, 0x7fe00002, 0x7fe00003])
export const isOffsetTable = ({ tag, vr, valueStart, valueEnd }: Element): boolean =>
  OFFSET_TABLES.has(tag) && (vr === 'OV' || vr === 'UV') && (valueEnd - valueStart) % 8 === 0
