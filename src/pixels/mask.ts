/**
 * The part of an image to blank: rectangles, merged into runs of columns so that nothing is written
 * twice.
 */

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Columns from `from` up to `to`, exclusive. */
type Run = readonly [from: number, to: number]

/** Rows from `top` up to `bottom`, exclusive, that have the same runs. */
export interface Band {
  readonly top: number
  readonly bottom: number
  /** Ascending, not touching, at least one. */
  readonly runs: readonly Run[]
}

/** Ascending, not overlapping. */
export type Mask = readonly Band[]

interface Size {
  readonly rows: number
  readonly columns: number
}

/** Builds a mask from rectangles, clipped to the image. */
export function maskOf(rectangles: readonly Rectangle[], { rows, columns }: Size): Mask {
  const clipped = rectangles.map(({ x, y, width, height }) => ({
    left: Math.max(0, x),
    right: Math.min(columns, x + width),
    top: Math.max(0, y),
    bottom: Math.min(rows, y + height),
  }))
  const edges = [...new Set(clipped.flatMap(({ top, bottom }) => [top, bottom]))].sort(ascending)
  return edges.flatMap((top, index) => {
    const bottom = edges[index + 1]
    if (bottom === undefined) return []
    const across = clipped.filter((one) => one.top <= top && one.bottom >= bottom)
    const runs = merged(across.map(({ left, right }): Run => [left, right]))
    return runs.length > 0 ? [{ top, bottom, runs }] : []
  })
}

/** Builds a mask that covers everything except the rectangles. */
export function maskAround(rectangles: readonly Rectangle[], size: Size): Mask {
  const kept = maskOf(rectangles, size)
  const bands: Band[] = []
  const all: readonly Run[] = [[0, size.columns]]
  let row = 0
  for (const { top, bottom, runs } of kept) {
    if (top > row) bands.push({ top: row, bottom: top, runs: all })
    const left = between(runs, size.columns)
    if (left.length > 0) bands.push({ top, bottom, runs: left })
    row = bottom
  }
  if (row < size.rows) bands.push({ top: row, bottom: size.rows, runs: all })
  return bands
}

/**
 * Grows the mask to whole units of `width` columns and `height` rows, for encodings that cannot
 * blank part of a unit.
 */
export function alignMask(mask: Mask, width: number, height: number, size: Size): Mask {
  const rectangles = mask.flatMap(({ top, bottom, runs }) =>
    runs.map(([from, to]) => {
      const [x, y] = [from - (from % width), top - (top % height)]
      return {
        x,
        y,
        width: Math.ceil(to / width) * width - x,
        height: Math.ceil(bottom / height) * height - y,
      }
    }),
  )
  return maskOf(rectangles, size)
}

/** The runs in one row. */
export const runsAt = (mask: Mask, row: number): readonly Run[] =>
  mask.find(({ top, bottom }) => row >= top && row < bottom)?.runs ?? []

export const areaOf = (mask: Mask): number =>
  mask.reduce(
    (area, { top, bottom, runs }) =>
      area + (bottom - top) * runs.reduce((sum, [from, to]) => sum + to - from, 0),
    0,
  )

const ascending = (a: number, b: number): number => a - b

function merged(runs: readonly Run[]): readonly Run[] {
  const result: Run[] = []
  for (const [from, to] of [...runs].sort(([a], [b]) => a - b)) {
    if (to <= from) continue
    const last = result.at(-1)
    if (last && from <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], to)]
    else result.push([from, to])
  }
  return result
}

function between(runs: readonly Run[], columns: number): readonly Run[] {
  const result: Run[] = []
  let column = 0
  for (const [from, to] of runs) {
    if (from > column) result.push([column, from])
    column = to
  }
  if (column < columns) result.push([column, columns])
  return result
}
