/**
 * The outcome of every part of a transfer: what its readers received, and what they did not. A
 * reader that opens an incomplete study is told.
 */
import * as z from 'zod/mini'
import { about, count } from './words.js'

export const outcomes = z.looseObject({
  accepted: count,
  quarantined: about('Held for the facility, which may release them.', count),
  refused: count,
  duplicate: about('Sent twice, stored once.', count),
  missing: z.optional(about('Left out by the sender, as the sender stated.', count)),
})
export interface Outcomes {
  readonly accepted: number
  readonly quarantined: number
  readonly refused: number
  readonly duplicate: number
  readonly missing?: number | undefined
}

/** Counts of what the readers of a study did not receive. */
export interface Shortfall {
  readonly held: number
  readonly refused: number
  readonly missing: number
}

/** Undefined when the study is whole. */
export function shortfallOf(found: Outcomes | undefined): Shortfall | undefined {
  if (!found) return undefined
  const { quarantined: held, refused, missing = 0 } = found
  return held + refused + missing === 0 ? undefined : { held, refused, missing }
}

/** `3 held, 1 refused` */
export const shortfallText = ({ held, refused, missing }: Shortfall): string =>
  Object.entries({ held, refused, missing })
    .filter(([, number]) => number > 0)
    .map(([what, number]) => `${String(number)} ${what}`)
    .join(', ')
