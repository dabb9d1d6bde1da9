/** Where scanners burn in text: readable rules, see config/blanking-rules.yaml. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { conditions, matcherOf, type Condition, type ReadAttribute } from '../rules/conditions.js'
import type { Element } from '../../dicom/elements/index.js'
import { areaOf, maskOf } from '../../pixels/index.js'
import type { Geometry, Mask, Rectangle } from '../../pixels/index.js'
import { outsideRegions } from './regions.js'

/**
 * The area a rule blanks: everything outside the regions that the scanner declares, or fixed places
 * in every image.
 */
type Place =
  | { readonly kind: 'outside regions' }
  | {
      readonly kind: 'edges'
      readonly top: number
      readonly bottom: number
      readonly left: number
      readonly right: number
      readonly areas: readonly Rectangle[]
    }

export interface BlankingRule {
  readonly name: string
  /** All must match. */
  readonly conditions: readonly Condition[]
  readonly place: Place
}

const pixels = z
  .int({ error: 'write a number of pixels' })
  .min(0, 'write 0 or more pixels')
  .max(65_535, 'write at most 65535 pixels')
const area = z
  .tuple([pixels, pixels, pixels, pixels], { error: 'write [x, y, width, height] in pixels' })
  .transform(([x, y, width, height]) => ({ x, y, width, height }))
const edges = z
  .strictObject(
    {
      top: pixels.default(0),
      bottom: pixels.default(0),
      left: pixels.default(0),
      right: pixels.default(0),
      areas: z.array(area).max(64, 'write at most 64 areas').default([]),
    },
    { error: 'write outside regions, or edges and areas: { top: 60, areas: [[x, y, w, h]] }' },
  )
  .refine(
    ({ top, bottom, left, right, areas }) => top + bottom + left + right + areas.length > 0,
    'name an edge (top, bottom, left, right) or areas: a rule that blanks nothing would pass the text',
  )
const OUTSIDE = 'outside regions'
const place = z.unknown().transform((value, context): Place => {
  if (value === OUTSIDE) return { kind: OUTSIDE }
  const checked = edges.safeParse(value)
  if (checked.success) return { ...checked.data, kind: 'edges' }
  for (const { path, message } of checked.error.issues)
    context.addIssue({ code: 'custom', path, message })
  return z.NEVER
})

/** An entry of `blanking` in a profile, and of `rules` in config/blanking-rules.yaml. */
export const blankingRule = z
  .strictObject(
    {
      name: z
        .string({ error: 'write a name, by which reports call the rule' })
        .regex(/^[\x20-\x7e]{1,64}$/, 'use up to 64 characters of ASCII'),
      when: conditions,
      blank: place,
    },
    { error: 'write name, when and blank, as config/blanking-rules.yaml does' },
  )
  .transform(({ name, when, blank }): BlankingRule => ({
    name,
    conditions: when,
    place: blank,
  }))

let known: readonly BlankingRule[] | undefined

/** Read when the first image needs them: there are many, and CT and MR need none. */
const shipped = (): readonly BlankingRule[] =>
  (known ??= z
    .strictObject({ rules: z.array(blankingRule) })
    .parse(
      parse(readFileSync(new URL('../../../config/blanking-rules.yaml', import.meta.url), 'utf8')),
    ).rules)

interface Image {
  readonly read: ReadAttribute
  readonly elements: readonly Element[]
  readonly buffer: Buffer
  readonly geometry: Geometry
}

/**
 * What to blank, by the first rule that matches and whose area lies within this image; undefined
 * when there is none. The facility's `own` rules come before the shipped ones and apply to every
 * image at risk; the shipped ones apply only if `isBlankable`.
 */
export function blankingOf(
  { read, elements, buffer, geometry }: Image,
  own: readonly BlankingRule[],
  isBlankable: boolean,
): { readonly rule: string; readonly mask: Mask } | undefined {
  const fits = matcherOf(read)
  for (const { name, conditions, place } of isBlankable ? [...own, ...shipped()] : own) {
    if (!fits(conditions)) continue
    const mask = maskFor(place, elements, buffer, geometry)
    if (mask && areaOf(mask) > 0) return { rule: name, mask }
  }
  return undefined
}

function maskFor(
  place: Place,
  elements: readonly Element[],
  buffer: Buffer,
  geometry: Geometry,
): Mask | undefined {
  if (place.kind === 'outside regions') return outsideRegions(elements, buffer, geometry)
  const { rows, columns } = geometry
  const { top, bottom, left, right, areas } = place
  const rectangles = [
    { x: 0, y: 0, width: columns, height: top },
    { x: 0, y: rows - bottom, width: columns, height: bottom },
    { x: 0, y: 0, width: left, height: rows },
    { x: columns - right, y: 0, width: right, height: rows },
    ...areas,
  ]
  return maskOf(rectangles, geometry)
}
