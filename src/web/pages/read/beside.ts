/** Two series beside each other: which one to offer, and which image belongs to which. */
import type { Vector } from '../viewer/facts.js'
import { instanceAt } from './series.js'
import type { Series } from './series.js'

/** From an image on the left to the one on the right. */
export interface Link {
  readonly left: string
  readonly right: string
  /** In mm along the normal where the slices are parallel, otherwise in images. */
  readonly unit: 'mm' | 'images'
  readonly by: number
}

/** A prior of the same modality first, then any prior, then another series. */
export function suggestedBeside(all: readonly Series[], shown: Series): Series | undefined {
  const others = all.filter(({ uid }) => uid !== shown.uid)
  const isAlike = ({ modality }: Series) => modality === shown.modality
  const isOfOther = ({ isPrior }: Series) => isPrior !== shown.isPrior
  return (
    others.find((one) => isOfOther(one) && isAlike(one)) ??
    others.find(isOfOther) ??
    others.find(isAlike) ??
    others[0]
  )
}

/** Of unit vectors: within some 8 degrees, as two scans of one region usually are. */
const PARALLEL = 0.99

function areParallel(one: Vector | undefined, other: Vector | undefined): boolean {
  if (!one || !other) return false
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2] > PARALLEL
}

const normalAt = (series: Series, index: number) => instanceAt(series, index)?.facts.normal

const along = (series: Series, index: number): number | undefined =>
  instanceAt(series, index)?.facts.along

/** The images shown now belong together: no patient lies twice at the same place. */
export function linkOf(left: Series, atLeft: number, right: Series, atRight: number): Link {
  const [from, to] = [along(left, atLeft), along(right, atRight)]
  const named = { left: left.uid, right: right.uid }
  const isMm = areParallel(normalAt(left, atLeft), normalAt(right, atRight))
  return !isMm || from === undefined || to === undefined
    ? { ...named, unit: 'images', by: atRight - atLeft }
    : { ...named, unit: 'mm', by: to - from }
}

/** The image of the other series that belongs to this one: the nearest there is. */
export function counterpart(
  from: Series,
  index: number,
  to: Series,
  { unit, by }: Pick<Link, 'unit' | 'by'>,
): number {
  const place = along(from, index)
  if (unit === 'images' || place === undefined)
    return Math.max(0, Math.min(to.images - 1, index + by))
  let nearest = 0
  let least = Infinity
  for (let at = 0; at < to.images; at += 1) {
    const distance = Math.abs((along(to, at) ?? Infinity) - place - by)
    if (distance < least) [nearest, least] = [at, distance]
  }
  return nearest
}
