/**
 * The same writing is read under several guesses, and sometimes only part of a word or a ghost of
 * it is seen. A reading is dropped if better ones cover it.
 */
import type { Rectangle } from '../../pixels/index.js'
import { fold } from '../text/fold.js'

export interface Reading {
  readonly text: string
  /** In per cent. */
  readonly confidence: number
  readonly box: Rectangle
}

/** A reading that others are sure of. */
const SURE = 85
/** How much surer they must be. */
const SURER = 20
/** Of its area. */
const COVERED = 0.7

export function bestReadings<T extends Reading>(all: readonly T[]): readonly T[] {
  const isBetter = (one: T, other: T): boolean =>
    other.confidence >= SURE && other.confidence - one.confidence >= SURER
  return all.filter((one) => {
    const others = all.filter((other) => other !== one)
    const whole = others.some(
      (other) =>
        other.confidence >= Math.max(SURE, one.confidence) &&
        other.text.length > one.text.length &&
        fold(other.text).includes(fold(one.text)) &&
        shareOf(one.box, [other.box]) >= COVERED,
    )
    const better = others.filter((other) => isBetter(one, other)).map(({ box }) => box)
    return !whole && shareOf(one.box, better) < COVERED
  })
}

/** How much of the width of a box lies within others on the same line. */
function shareOf({ x, y, width, height }: Rectangle, others: readonly Rectangle[]): number {
  const onLine = others.filter(
    (other) =>
      Math.min(y + height, other.y + other.height) - Math.max(y, other.y) >=
      COVERED * Math.min(height, other.height),
  )
  let covered = 0
  for (let column = x; column < x + width; column++)
    if (onLine.some((other) => column >= other.x && column < other.x + other.width)) covered += 1
  return covered / Math.max(1, width)
}
