/** What de-identification records about itself in the data set (PS3.15 E.1.1, PS3.3 C.7.1.1). */
import { BASIC, CLEAN_FEATURES, CLEAN_PIXELS, OPTIONS } from '../rules/options.js'
import { type Encoding, ITEM } from '../../dicom/elements/index.js'
import type { Profile } from '../rules/profile.js'
import type { Rules } from '../rules/rules.js'
import { encodeElement, encodeItemTag, encodeText } from '../../dicom/write/index.js'

const TEMPORAL: Readonly<Record<Rules['dates'], string>> = {
  removed: 'REMOVED',
  modified: 'MODIFIED',
  full: 'UNMODIFIED',
}

export const MARK_TAGS: ReadonlySet<number> = new Set([
  0x00120062, 0x00120063, 0x00120064, 0x00280301, 0x00280302, 0x00280303,
])

/** What was found and done about the pixels of this instance. */
export interface PixelMarks {
  /** All text was blanked (PS3.15 E.3.1). */
  readonly isBlanked: boolean
  /** The new Photometric Interpretation, if blanking changed it. */
  readonly photometric: string | undefined
  /** They show no face (E.3.2). */
  readonly isFaceless: boolean
}

/**
 * The encoded elements by tag: Patient Identity Removed, De-identification Method with its codes,
 * and how dates and pixels were treated. Pixel options are claimed only by instances to which they
 * were applied.
 */
export function encodeMarks(
  profile: Profile,
  dates: Rules['dates'],
  pixels: PixelMarks,
  encoding: Encoding,
): Map<number, Buffer> {
  const byEncoding = encoded.get(profile) ?? new Map<Encoding, Map<number, Buffer>[]>()
  encoded.set(profile, byEncoding)
  const kinds = byEncoding.get(encoding) ?? []
  byEncoding.set(encoding, kinds)
  const marks = (kinds[(pixels.isBlanked ? 1 : 0) + (pixels.isFaceless ? 2 : 0)] ??= newMarks(
    profile,
    dates,
    pixels,
    encoding,
  ))
  if (pixels.photometric === undefined) return new Map(marks)
  const value = encodeText(pixels.photometric, 'CS')
  return new Map([...marks, [0x00280004, encodeElement(0x00280004, 'CS', value, encoding)]])
}

/** Cached by profile, because the profile determines how dates are treated. */
const encoded = new WeakMap<Profile, Map<Encoding, Map<number, Buffer>[]>>()

function newMarks(
  profile: Profile,
  dates: Rules['dates'],
  pixels: PixelMarks,
  encoding: Encoding,
): Map<number, Buffer> {
  const text = (tag: number, vr: string, value: string): [number, Buffer] => [
    tag,
    encodeElement(tag, vr, encodeText(value, vr), encoding),
  ]
  const isCarriedOut = (code: string): boolean =>
    code === CLEAN_PIXELS
      ? pixels.isBlanked
      : code === CLEAN_FEATURES
        ? pixels.isFaceless
        : profile.options.includes(code)
  const codes = [BASIC, ...OPTIONS.filter(({ code }) => isCarriedOut(code))]
  const items = codes.map(({ code, meaning }) => {
    const item = Buffer.concat([
      text(0x00080100, 'SH', code)[1],
      text(0x00080102, 'SH', 'DCM')[1],
      text(0x00080104, 'LO', meaning)[1],
    ])
    return Buffer.concat([encodeItemTag(ITEM, item.length, encoding), item])
  })
  return new Map([
    text(0x00120062, 'CS', 'YES'),
    text(0x00120063, 'LO', `Nocturne ${profile.name} ${profile.version}`),
    [0x00120064, encodeElement(0x00120064, 'SQ', Buffer.concat(items), encoding)],
    ...(pixels.isBlanked ? [text(0x00280301, 'CS', 'NO')] : []),
    ...(pixels.isFaceless ? [text(0x00280302, 'CS', 'NO')] : []),
    text(0x00280303, 'CS', TEMPORAL[dates]),
  ])
}
