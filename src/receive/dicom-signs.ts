/**
 * Tells whether content is DICOM, from its first bytes and before any other check, so that nothing
 * that might be DICOM passes as a document. `certain` goes to de-identification; `possible` is
 * enough to withhold it from readers.
 */
export type DicomSign = 'certain' | 'possible' | 'none'

/** The VRs whose explicit length has 16 bits (PS3.5 sections 6.2 and 7.1.2). */
const SHORT_VRS = 'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'
const LONG_VRS = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV'
const VRS: ReadonlySet<string> = new Set(`${SHORT_VRS} ${LONG_VRS}`.split(' '))
const LONG: ReadonlySet<string> = new Set(LONG_VRS.split(' '))

type Encoding = 'implicit little' | 'explicit little' | 'explicit big'

/**
 * Groups that can begin a data set, a command set or a directory record (PS3.5 7.1, PS3.7 6.3,
 * PS3.3 F.3).
 */
const FIRST_GROUPS: ReadonlySet<number> = new Set([0x0000, 0x0002, 0x0004, 0x0008])
const UNDEFINED_LENGTH = 0xffffffff

export function dicomSign(head: Buffer): DicomSign {
  if (head.toString('latin1', 128, 132) === 'DICM') return 'certain'
  if (head.toString('latin1', 0, 4) === 'DICM') {
    return head.length >= 6 && head.readUInt16LE(4) === 2 ? 'certain' : 'possible'
  }

  const runs = (['explicit little', 'explicit big', 'implicit little'] as const).map((encoding) =>
    elementRun(head, encoding),
  )
  if (runs.some(isDataSet)) return 'certain'
  return runs.some((run) => run.elements >= 3) || startsLikeGroup8(head) ? 'possible' : 'none'
}

/**
 * Whether a data set begins anywhere in here, after unrelated leading bytes. Use only for content
 * that nothing but its declared type makes a document; it gives too many false positives for
 * anything else.
 */
export function hidesDataSet(head: Buffer): boolean {
  if (head.includes('DICM')) return true
  for (let at = 0; at + 24 <= head.length; at += 1) {
    const from = head.subarray(at)
    if (elementRun(from, 'explicit little').elements >= 2) return true
    if (elementRun(from, 'explicit big').elements >= 2) return true
    if (elementRun(from, 'implicit little').elements >= 3) return true
  }
  return false
}

interface ElementRun {
  readonly encoding: Encoding
  readonly firstTag: number
  readonly elements: number
  /** The run reaches the end of the look-ahead without a break. */
  readonly whole: boolean
}

function isDataSet(run: ElementRun): boolean {
  if (run.elements === 0 || !FIRST_GROUPS.has(run.firstTag >>> 16)) return false
  // An explicit VR in the right place is as good as a magic number; implicit elements need further
  // evidence.
  return run.encoding === 'implicit little' ? run.whole || run.elements >= 3 : true
}

/** Counts consecutive elements with rising tags, known VRs and even lengths (PS3.5 7.1). */
function elementRun(head: Buffer, encoding: Encoding): ElementRun {
  let at = 0
  let elements = 0
  let firstTag = 0
  let lastTag = -1
  const run = (whole: boolean): ElementRun => ({ encoding, firstTag, elements, whole })
  while (at + 8 <= head.length) {
    const element = readElement(head, at, encoding)
    if (element === undefined || element.tag <= lastTag) return run(false)
    if (elements === 0) firstTag = element.tag
    elements += 1
    lastTag = element.tag
    if (element.length === UNDEFINED_LENGTH) return run(true)
    at = element.end
  }
  return run(elements > 0)
}

function readElement(
  head: Buffer,
  at: number,
  encoding: Encoding,
): { readonly tag: number; readonly length: number; readonly end: number } | undefined {
  const big = encoding === 'explicit big'
  const u16 = (from: number) => (big ? head.readUInt16BE(from) : head.readUInt16LE(from))
  const u32 = (from: number) => (big ? head.readUInt32BE(from) : head.readUInt32LE(from))
  const tag = u16(at) * 0x10000 + u16(at + 2)

  if (encoding === 'implicit little') {
    const length = u32(at + 4)
    return isPlausible(length, length === UNDEFINED_LENGTH)
      ? { tag, length, end: at + 8 + length }
      : undefined
  }
  const vr = head.toString('latin1', at + 4, at + 6)
  if (!VRS.has(vr)) return undefined
  if (!LONG.has(vr)) return { tag, length: u16(at + 6), end: at + 8 + u16(at + 6) }
  if (u16(at + 6) !== 0) return undefined
  const length = at + 12 <= head.length ? u32(at + 8) : UNDEFINED_LENGTH
  return { tag, length, end: at + 12 + length }
}

/**
 * Whether this can be an implicit element near the start of a file: an even length, of a size
 * reasonable for a header.
 */
function isPlausible(length: number, isUndefined: boolean): boolean {
  return isUndefined || (length % 2 === 0 && length <= 0x100000)
}

/**
 * `08 00` or `00 08` and a low element number: no text begins this way, and almost nothing else
 * does.
 */
function startsLikeGroup8(head: Buffer): boolean {
  if (head.length < 8) return false
  return (
    (head.readUInt16LE(0) === 8 && head.readUInt16LE(2) <= 0x0100) ||
    (head.readUInt16BE(0) === 8 && head.readUInt16BE(2) <= 0x0100)
  )
}
