/** Where scanners draw text: readable rules, see config/blanking-rules.yaml. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import {
  conditionsOf,
  matcherOf,
  whenSchema,
  type Condition,
  type ReadAttribute,
} from '../conditions.js'
import type { Element } from '../element.js'
import type { Geometry } from './geometry.js'
import { areaOf, maskOf, type Mask, type Rectangle } from './mask.js'
import { outsideRegions } from './regions.js'

/** What a rule blanks: all but the regions that the scanner names, or the same places in every image. */
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
  /** Every one must fit. */
  readonly conditions: readonly Condition[]
  readonly place: Place
}

const pixels = z.int().min(0).max(65_535)
const edges = z
  .strictObject({
    top: pixels.default(0),
    bottom: pixels.default(0),
    left: pixels.default(0),
    right: pixels.default(0),
    areas: z
      .array(z.tuple([pixels, pixels, pixels, pixels]))
      .max(64)
      .default([]),
  })
  .refine(
    ({ top, bottom, left, right, areas }) => top + bottom + left + right + areas.length > 0,
    'name an edge (top, bottom, left, right) or areas: a rule that blanks nothing would pass the text',
  )
const schema = z.strictObject({
  rules: z.array(
    z.strictObject({
      name: z.string(),
      when: whenSchema,
      blank: z.union([z.literal('outside regions'), edges]),
    }),
  ),
})

/** @throws Error for a file that breaks the format, an unknown keyword included. */
export function loadBlankingRules(text: string): readonly BlankingRule[] {
  return schema.parse(parse(text)).rules.map(({ name, when, blank }) => ({
    name,
    conditions: conditionsOf(name, when),
    place:
      blank === 'outside regions'
        ? { kind: blank }
        : {
            ...blank,
            kind: 'edges',
            areas: blank.areas.map(([x, y, width, height]) => ({ x, y, width, height })),
          },
  }))
}

const RULES = loadBlankingRules(
  readFileSync(new URL('../../../config/blanking-rules.yaml', import.meta.url), 'utf8'),
)

/** What to blank, by the first rule that fits and finds its place in this image; undefined when none does. */
export function blankingOf(
  read: ReadAttribute,
  elements: readonly Element[],
  buffer: Buffer,
  geometry: Geometry,
  rules = RULES,
): { readonly rule: string; readonly mask: Mask } | undefined {
  const fits = matcherOf(read)
  for (const { name, conditions, place } of rules) {
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
