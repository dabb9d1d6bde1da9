/** What is to be done about the pixels of one image, before any of them came. */
import { NocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { UNDEFINED_LENGTH, type Element } from '../element.js'
import type { ReadAttribute } from '../conditions.js'
import { attributesOf } from '../identity.js'
import type { DeidentifyContext } from '../index.js'
import { CLEAN_FEATURES } from '../options.js'
import { areFeaturesAtRisk, arePixelsAtRisk } from '../risk.js'
import type { Stretch } from '../stretch.js'
import type { Syntax } from '../syntax.js'
import { blankingOf } from './blanking-rules.js'
import { canInspect, type Inspection } from './inspect.js'
import { codecOf, type Codec } from './codecs.js'
import { geometryOf, type Geometry } from './geometry.js'
import type { Mask } from './mask.js'
import { layoutOf, type Layout } from './native.js'

/** How the pixels of one image are blanked. */
export interface BlankingPlan {
  /** Name of the rule that covers the image. */
  readonly rule: string
  readonly mask: Mask
  readonly geometry: Geometry
  /** Of uncompressed pixels; or what blanks a compressed frame. */
  readonly way: { readonly layout: Layout } | { readonly codec: Codec }
}

export interface PixelVerdict {
  /** Names may be burned in, and the profile lets them pass. */
  readonly isAtRisk: boolean
  /** The profile asked, and no face can be in them. */
  readonly isFaceless: boolean
  readonly plan: BlankingPlan | undefined
  readonly inspection: Inspection | undefined
}

const NOTHING: PixelVerdict = {
  isAtRisk: false,
  isFaceless: false,
  plan: undefined,
  inspection: undefined,
}
const OVERLAY_BIT_POSITION = 0x60000102
/** Implicit and explicit, little and big endian, deflated. */
const UNCOMPRESSED = /^1\.2\.840\.10008\.1\.2(?:\.[12]|\.1\.99)?$/

/** Findings about text, each of which says that a person is to look for it. */
const TEXT_FINDINGS = ['pixels_at_risk', 'pixels_not_cleaned', 'text_in_pixels'] as const

/**
 * What a person of the facility looked at and waived is not looked at again: then the image passes as under `pixels: pass`.
 *
 * @throws NocturneError `pixels_at_risk` when no rule says where the text is, `pixels_not_cleaned` when it cannot be
 * blanked there; `features_at_risk`, with one of those as `also` where it is found too: who looks at the image decides both.
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
  if (isFaceless && areFeaturesAtRisk(read))
    throw new NocturneError('features_at_risk', { also: findingsOf(image, read, context) })
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
  const isAtRisk = arePixelsAtRisk(read)
  const isLookedAt = TEXT_FINDINGS.some((code) => waived.includes(code))
  if (!isAtRisk || profile.pixels === 'pass' || isLookedAt) return { ...NOTHING, isAtRisk }
  if (profile.pixels === 'quarantine') throw new NocturneError('pixels_at_risk')
  const geometry = geometryOf(head.elements, buffer, syntax.encoding)
  if (!geometry) throw new NocturneError('pixels_at_risk')
  const way = wayOf(pixels, geometry, syntax)
  const inspect = (isNeeded: boolean): Inspection | undefined =>
    detector && way && 'layout' in way && canInspect(way.layout)
      ? { detector, layout: way.layout, bigEndian: syntax.encoding.bigEndian, isNeeded }
      : undefined
  const hasOverlay = hasEmbeddedOverlay(head.elements, buffer, syntax)
  const blanking = blankingOf(read, head.elements, buffer, geometry, profile.blanking)
  if (blanking) {
    if (!way || hasOverlay) throw new NocturneError('pixels_not_cleaned')
    const plan = { ...blanking, geometry, way }
    return { isAtRisk: false, plan, inspection: inspect(false) }
  }
  const inspection = detector?.clears && !hasOverlay ? inspect(true) : undefined
  if (!inspection) throw new NocturneError('pixels_at_risk')
  return { isAtRisk: true, plan: undefined, inspection }
}

type Judging = Pick<DeidentifyContext, 'profile' | 'waived' | 'textDetector'>

function wayOf(
  { vr, length }: NonNullable<Stretch['pixels']>,
  geometry: Geometry,
  { uid, encoding }: Syntax,
): BlankingPlan['way'] | undefined {
  if (length === UNDEFINED_LENGTH) {
    const codec = codecOf(uid, geometry)
    return codec && { codec }
  }
  const layout = UNCOMPRESSED.test(uid) && layoutOf(geometry, vr, length, encoding)
  return layout ? { layout } : undefined
}

/** Overlays in unused bits of the pixels (retired, PS3.3 C.9.2) would stay when their description goes. */
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
