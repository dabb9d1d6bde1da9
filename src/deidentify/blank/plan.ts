/** Decides what to do about the pixels of one image, before any of them arrive. */
import { NocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { type Element, UNDEFINED_LENGTH } from '../../dicom/elements/index.js'
import type { ReadAttribute } from '../rules/conditions.js'
import { attributesOf } from '../identity/identity.js'
import type { DeidentifyContext } from '../contract.js'
import { CLEAN_FEATURES } from '../rules/options.js'
import type { Stretch, Syntax } from '../../dicom/index.js'
import type { Pace } from '../../lib/pace.js'
import { faceRiskOf, textRiskOf } from '../rules/risk.js'
import { blankingOf } from './blanking-rules.js'
import { codecOf, decoderOf } from './codec-thread.js'
import { canShow, geometryOf, layoutOf, paletteOf } from '../../pixels/index.js'
import type { Decoder, Geometry, Layout, Mask } from '../../pixels/index.js'
import type { Inspection } from './inspect.js'

/**
 * How the pixels of one image are processed in the stream. Without a mask or `blank`, none is
 * changed.
 */
export type PixelWork =
  | {
      readonly kind: 'native'
      readonly layout: Layout
      readonly mask: Mask | undefined
      readonly inspection: Inspection | undefined
    }
  | {
      readonly kind: 'compressed'
      readonly geometry: Geometry
      readonly decoder: Decoder
      readonly blank: ((frame: Buffer, pace: Pace) => Promise<Buffer>) | undefined
      readonly inspection: Inspection | undefined
    }

export interface PixelVerdict {
  /** Names may be burned in, and the profile lets the image pass. */
  readonly isAtRisk: boolean
  /** The profile asks for this, and the pixels cannot contain a face. */
  readonly isFaceless: boolean
  /**
   * The rule that covers the image, and the new Photometric Interpretation if blanking changes it.
   */
  readonly blanking:
    | {
        readonly rule: string
        readonly photometric: string | undefined
        /** What remains is read by the detector, and held unless it is clean. */
        readonly isRead: boolean
      }
    | undefined
  /** Undefined when the pixels are copied unchanged. */
  readonly work: PixelWork | undefined
  /** Present if the frame is read before its header is made. */
  readonly seeking?: Seeking | undefined
}

/** How to treat words of one frame, which is read before its header is made. */
export interface Seeking {
  readonly geometry: Geometry
  readonly photometric: string | undefined
  /** Undefined if no other pixel would keep its value: words then hold the image. */
  readonly workWith: (mask: Mask) => PixelWork | undefined
  /** No rule sees a risk: only a sample of the series is read (`screen: sample`). */
  readonly isSample: boolean
}

const NOTHING: PixelVerdict = {
  isAtRisk: false,
  isFaceless: false,
  blanking: undefined,
  work: undefined,
}
const OVERLAY_BIT_POSITION = 0x60000102
/** Implicit and explicit, little and big endian, deflated. */
const UNCOMPRESSED = /^1\.2\.840\.10008\.1\.2(?:\.[12]|\.1\.99)?$/

/** Findings about text, each of which requires a person to look for it. */
const TEXT_FINDINGS = ['pixels_at_risk', 'pixels_not_cleaned', 'text_in_pixels'] as const

/**
 * An image that a person at the facility has reviewed and waived is not inspected again: it passes
 * as under `pixels: pass`.
 *
 * @throws NocturneError `pixels_at_risk` when no rule states where the text is;
 *   `pixels_not_cleaned` when it cannot be blanked there; `features_at_risk`, with one of the other
 *   two in `also` if it applies as well, so that one review can decide both.
 */
export function judgePixels(
  head: Stretch,
  buffer: Buffer,
  syntax: Syntax,
  context: Judging,
): PixelVerdict {
  if (head.pixels === undefined) return NOTHING
  const image = { head, pixels: head.pixels, buffer, syntax }
  const read = attributesOf(head.elements, buffer, syntax.encoding)
  const isFaceless =
    context.profile.options.includes(CLEAN_FEATURES) &&
    !context.waived?.includes('features_at_risk')
  const face = isFaceless ? faceRiskOf(read) : undefined
  if (face?.isAtRisk === true) {
    const place = { rule: face.because }
    throw new NocturneError('features_at_risk', { also: findingsOf(image, read, context), place })
  }
  return { ...judgeText(image, read, context), isFaceless }
}

function findingsOf(...about: Parameters<typeof judgeText>): readonly Code[] {
  try {
    judgeText(...about)
    return []
  } catch (error) {
    if (error instanceof NocturneError) return [error.code]
    throw error
  }
}

interface Image {
  readonly head: Stretch
  readonly pixels: NonNullable<Stretch['pixels']>
  readonly buffer: Buffer
  readonly syntax: Syntax
}

/** @throws NocturneError `pixels_at_risk`, `pixels_not_cleaned` */
function judgeText(
  { head, pixels, buffer, syntax }: Image,
  read: ReadAttribute,
  { profile, waived = [], textDetector: detector }: Judging,
): Omit<PixelVerdict, 'isFaceless'> {
  const { isAtRisk, isBlankable, because } = textRiskOf(read)
  const failure = (code: Code) => new NocturneError(code, { place: { rule: because } })
  const isLookedAt = TEXT_FINDINGS.some((code) => waived.includes(code))
  if (!isAtRisk && profile.screen === 'sample' && !isLookedAt)
    return sampleOf({ head, pixels, buffer, syntax }, read, detector)
  if (!isAtRisk || profile.pixels === 'pass' || isLookedAt) return { ...NOTHING, isAtRisk }
  if (profile.pixels === 'quarantine') throw failure('pixels_at_risk')
  const geometry = geometryOf(head.elements, buffer, syntax.encoding)
  if (!geometry) throw failure('pixels_at_risk')
  const hasOverlay = hasEmbeddedOverlay(head.elements, buffer, syntax)
  const image = { read, elements: head.elements, buffer, geometry }
  const found = blankingOf(image, profile.blanking, isBlankable)
  const isPalette = geometry.photometric === 'PALETTE COLOR'
  const palette = isPalette ? paletteOf(head.elements, buffer, syntax.encoding) : undefined
  const showTo = isPalette && !palette ? undefined : detector
  if (found) {
    const inspection = showTo && { detector: showTo, isNeeded: false, palette }
    const work = hasOverlay ? undefined : workOf(pixels, geometry, syntax, found.mask, inspection)
    if (!work) throw failure('pixels_not_cleaned')
    const photometric = codecOf(syntax.uid, geometry)?.photometric
    const isRead = work.inspection !== undefined
    return { isAtRisk: false, blanking: { rule: found.rule, photometric, isRead }, work }
  }
  const inspection =
    showTo?.clears && !hasOverlay ? { detector: showTo, isNeeded: true, palette } : undefined
  const work = inspection && workOf(pixels, geometry, syntax, undefined, inspection)
  if (!work?.inspection) throw failure('pixels_at_risk')
  const seeking: Seeking | undefined = isPlainXray(read, geometry)
    ? {
        geometry,
        photometric: codecOf(syntax.uid, geometry)?.photometric,
        workWith: (mask) => workOf(pixels, geometry, syntax, mask, undefined),
        isSample: false,
      }
    : undefined
  return { isAtRisk: true, blanking: undefined, work, seeking }
}

const SLICES: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.2',
  '1.2.840.10008.5.1.4.1.1.4',
])
const NO_DETECTOR = { rule: 'the profile says screen: sample, and no text detector is installed' }

/** @throws NocturneError `pixels_at_risk` without a detector */
function sampleOf(
  { head, pixels, buffer, syntax }: Image,
  read: ReadAttribute,
  detector: DeidentifyContext['textDetector'],
): Omit<PixelVerdict, 'isFaceless'> {
  if (!SLICES.has(read(0x00080016))) return NOTHING
  if (!detector) throw new NocturneError('pixels_at_risk', { place: NO_DETECTOR })
  const geometry = geometryOf(head.elements, buffer, syntax.encoding)
  const isReadable = geometry?.frames === 1 && geometry.samples === 1
  const inspection = { detector, isNeeded: true, palette: undefined }
  const work = isReadable ? workOf(pixels, geometry, syntax, undefined, inspection) : undefined
  if (!geometry || !work) return NOTHING
  const seeking: Seeking = {
    ...{ geometry, photometric: undefined, isSample: true },
    workWith: () => undefined,
  }
  return { isAtRisk: false, blanking: undefined, work, seeking }
}

/** CR and DX: names are exposed onto them or drawn by digitizers, at no place that a rule knows. */
const PLAIN_XRAYS: ReadonlySet<string> = new Set([
  '1.2.840.10008.5.1.4.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.1',
  '1.2.840.10008.5.1.4.1.1.1.1.1',
])
const isPlainXray = (read: ReadAttribute, { frames, samples }: Geometry): boolean =>
  PLAIN_XRAYS.has(read(0x00080016)) && frames === 1 && samples === 1

type Judging = Pick<DeidentifyContext, 'profile' | 'waived' | 'textDetector'>

/**
 * Undefined when the request cannot be fulfilled; `inspection` is omitted if frames cannot be
 * shown.
 */
function workOf(
  { vr, length }: NonNullable<Stretch['pixels']>,
  geometry: Geometry,
  { uid, encoding }: Syntax,
  mask: Mask | undefined,
  wanted: Inspection | undefined,
): PixelWork | undefined {
  if (length !== UNDEFINED_LENGTH) {
    const layout = UNCOMPRESSED.test(uid) && layoutOf(geometry, vr, length, encoding)
    if (!layout) return undefined
    const inspection = layout.unit === 1 && canShow(geometry) ? wanted : undefined
    return { kind: 'native', layout, mask, inspection }
  }
  const codec = codecOf(uid, geometry)
  const decoder = canShow(geometry) ? decoderOf(uid, geometry) : undefined
  const inspection = decoder && wanted
  if (!mask)
    return decoder && { kind: 'compressed', geometry, decoder, blank: undefined, inspection }
  return (
    codec && {
      kind: 'compressed',
      geometry,
      decoder: codec,
      blank: (frame, pace) => codec.blank(frame, geometry, mask, pace),
      inspection,
    }
  )
}

/**
 * Overlays in unused bits of the pixels (retired, PS3.3 C.9.2) would remain after their description
 * is removed.
 */
const hasEmbeddedOverlay = (
  elements: readonly Element[],
  buffer: Buffer,
  { encoding }: Syntax,
): boolean =>
  elements.some(({ tag, valueStart, valueEnd }) => {
    if ((tag & 0xff00ffff) >>> 0 !== OVERLAY_BIT_POSITION) return false
    const position = encoding.bigEndian ? valueEnd - 1 : valueStart
    return valueEnd > valueStart && buffer[position] !== 0
  })
