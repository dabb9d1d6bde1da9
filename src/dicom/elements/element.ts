/**
 * What the walker produces from a data set: elements as ranges of one buffer, not copied and not
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
  /** Unsigned, with the group in the upper 16 bits. */
  readonly tag: number
  /** As in the file. Under implicit VR, as in the dictionary, or `UN` for tags it does not list. */
  readonly vr: string
  readonly start: number
  readonly valueStart: number
  /** Excludes the sequence delimiter. */
  readonly valueEnd: number
  /** Includes the sequence delimiter. */
  readonly end: number
  readonly undefinedLength: boolean
  /** The items of a sequence, whether written as SQ or as UN (PS3.5 6.2.2). */
  readonly items?: readonly Item[]
  /** Set for an encapsulated value: fragments up to a delimiter. */
  readonly fragments?: true
  /**
   * Set for a sequence with delimiters that break the rules, in itself or in an item: it is never
   * copied verbatim.
   */
  readonly isIrregular?: boolean
}

/** The element with this tag in one data set. */
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

/** VRs whose explicit length is 32 bits wide, after two reserved bytes (PS3.5 Table 7.1-1). */
export const LONG_VRS: ReadonlySet<string> = new Set(LONG)

interface Vr {
  readonly vr: string
  readonly long: boolean
  /** Never contains items. */
  readonly isLeaf: boolean
}

const VRS: readonly (Vr | undefined)[] = [
  undefined,
  ...[...SHORT, ...LONG].map((vr) => ({
    vr,
    long: LONG_VRS.has(vr),
    isLeaf: vr !== 'SQ' && vr !== 'UN',
  })),
]
/** Indexed by the two letters as a number, because every explicit-VR element needs this lookup. */
const places = new Uint8Array(0x10000)
for (const [place, known] of VRS.entries())
  if (known) places[Buffer.from(known.vr).readUInt16BE()] = place

/** A number from 1 to 34; 0 for an unknown VR. */
export const numberOfVr = (vr: string): number =>
  places[(vr.charCodeAt(0) << 8) | vr.charCodeAt(1)] ?? 0

/** The VR whose two letters, read as a big-endian number, are `code`. */
export const vrNamed = (code: number): Vr | undefined => VRS[places[code] ?? 0]

export const TEXT_VRS: ReadonlySet<string> = new Set('LO SH ST LT UT UC'.split(' '))

const PIXEL_TAGS: ReadonlySet<number> = new Set([0x7fe00008, 0x7fe00009, 0x7fe00010])

/** Float, Double Float and plain Pixel Data. */
export const isPixelData = (tag: number): boolean => tag >>> 16 === 0x7fe0 && PIXEL_TAGS.has(tag)

/**
 * Extended Offset Table, its lengths, and the total length of Pixel Data: 64-bit numbers (PS3.3
 * C.7.6.3.1.8).
 */
const OFFSET_TABLES: ReadonlySet<number> = new Set([0x7fe00001, 0x7fe00002, 0x7fe00003])
export const isOffsetTable = ({ tag, vr, valueStart, valueEnd }: Element): boolean =>
  OFFSET_TABLES.has(tag) && (vr === 'OV' || vr === 'UV') && (valueEnd - valueStart) % 8 === 0
