/**
 * What became of everything that was sent as one transfer: what its readers have, and what they do
 * not. Whoever opens a study that is not whole is told so.
 */
import * as z from 'zod/mini'
import { about, count } from './words.js'

export const outcomes = z.looseObject({
  accepted: count,
  quarantined: about('Held for the facility, which may release them.', count),
  refused: count,
  duplicate: about('Sent twice, and there once.', count),
  missing: z.optional(about('Left out by the sender, which said so.', count)),
})
export interface Outcomes {
  readonly accepted: number
  readonly quarantined: number
  readonly refused: number
  readonly duplicate: number
  readonly missing?: number | undefined
}

/** What of the study its readers do not have; undefined when it is whole. */
export interface Shortfall {
  readonly held: number
  readonly refused: number
  readonly missing: number
}

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
