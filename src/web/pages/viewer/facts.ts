/** What the viewer must know of an instance before it is drawn: its order, frames and marks. */
import { parseDicom } from 'dicom-parser'
import type { DataSet } from 'dicom-parser'

/** In the patient's coordinates (PS3.3 C.7.6.2.1.1). */
export type Vector = readonly [number, number, number]

export interface InstanceFacts {
  readonly frames: number
  readonly instanceNumber: number
  /** Distance along the normal of the slices, in mm; undefined without a position. */
  readonly along: number | undefined
  /** Of the slice; undefined without an orientation. */
  readonly normal: Vector | undefined
  readonly description: string
  readonly seriesNumber: number
  readonly modality: string
  /** Pixel Data is lossy compressed (0028,2110). */
  readonly isLossy: boolean
  /** Not from the scanner as acquired: the first value of Image Type is DERIVED. */
  readonly isDerived: boolean
  /** It has Rows, so it is an image. */
  readonly hasPixels: boolean
}

/** Undefined when the instance cannot be read. */
export function factsOf(content: Uint8Array): InstanceFacts | undefined {
  try {
    const header = parseDicom(content, { untilTag: 'x7fe00010' })
    const normal = normalOf(header)
    return {
      frames: Math.max(1, header.intString('x00280008') ?? 1),
      instanceNumber: header.intString('x00200013') ?? 0,
      along: normal && alongNormal(header, normal),
      normal,
      description: header.string('x0008103e') ?? '',
      seriesNumber: header.intString('x00200011') ?? 0,
      modality: header.string('x00080060') ?? '',
      isLossy: header.string('x00282110') === '01',
      isDerived: (header.string('x00080008') ?? '').startsWith('DERIVED'),
      hasPixels: header.uint16('x00280010') !== undefined,
    }
  } catch {
    return undefined
  }
}

/** Image Position (Patient) along the normal of the slice: PS3.3 C.7.6.2.1.1. */
function alongNormal(header: DataSet, [nx, ny, nz]: Vector): number | undefined {
  const position = numbers(header, 'x00200032', 3)
  if (!position) return undefined
  const [x = 0, y = 0, z = 0] = position
  return x * nx + y * ny + z * nz
}

/** Of Image Orientation (Patient). */
function normalOf(header: DataSet): Vector | undefined {
  const orientation = numbers(header, 'x00200037', 6)
  if (!orientation) return undefined
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation
  return [b * f - c * e, c * d - a * f, a * e - b * d]
}

function numbers(header: DataSet, tag: string, count: number): number[] | undefined {
  const found = Array.from({ length: count }, (_, at) => header.floatString(tag, at) ?? NaN)
  return found.every(Number.isFinite) ? found : undefined
}

/** By position where every slice has one, otherwise by Instance Number. */
export function inOrder<T extends { readonly facts: InstanceFacts }>(all: readonly T[]): T[] {
  const isPlaced = all.every(({ facts }) => facts.along !== undefined)
  return all.toSorted(({ facts: a }, { facts: b }) =>
    isPlaced && a.along !== b.along
      ? (a.along ?? 0) - (b.along ?? 0)
      : a.instanceNumber - b.instanceNumber,
  )
}
