/** Whether an image may show who the patient is: by readable rules, see config/pixel-rules.yaml and config/face-rules.yaml. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { conditions, matcherOf, type Condition, type ReadAttribute } from './conditions.js'

export interface PixelRule {
  readonly name: string
  readonly isAtRisk: boolean
  /** Every one must fit. */
  readonly conditions: readonly Condition[]
}

const schema = z.strictObject({
  rules: z.array(
    z.strictObject({
      name: z.string(),
      when: conditions,
      risk: z.boolean(),
      because: z.string(),
    }),
  ),
})

/** @throws Error for a file that breaks the format, an unknown keyword included: rules are never left out in silence. */
export function loadPixelRules(text: string): readonly PixelRule[] {
  return schema.parse(parse(text)).rules.map(({ name, when, risk }) => ({
    name,
    isAtRisk: risk,
    conditions: when,
  }))
}

const shipped = (name: string): readonly PixelRule[] =>
  loadPixelRules(readFileSync(new URL(`../../config/${name}`, import.meta.url), 'utf8'))

const TEXT_RULES = shipped('pixel-rules.yaml')
const FACE_RULES = shipped('face-rules.yaml')

/** Names may be burned in. The first rule that fits decides; without one the image is at risk. */
export function arePixelsAtRisk(read: ReadAttribute, rules = TEXT_RULES): boolean {
  const fits = matcherOf(read)
  return rules.find(({ conditions }) => fits(conditions))?.isAtRisk ?? true
}

/** A face may be seen, or made from the slices (PS3.15 E.3.2). */
export const areFeaturesAtRisk = (read: ReadAttribute): boolean => arePixelsAtRisk(read, FACE_RULES)
