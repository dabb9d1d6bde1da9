/**
 * Whether an image could show who the patient is, according to readable rules: see
 * config/pixel-rules.yaml and config/face-rules.yaml.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { conditions, matcherOf, type Condition, type ReadAttribute } from './conditions.js'
import { cached } from '../../lib/cached.js'

export interface PixelRule {
  readonly name: string
  readonly isAtRisk: boolean
  /** Its text is at places that a blanking rule can state. */
  readonly isBlankable: boolean
  /** All must match. */
  readonly conditions: readonly Condition[]
}

const schema = z.strictObject({
  rules: z.array(
    z.strictObject({
      name: z.string(),
      when: conditions,
      risk: z.boolean(),
      blankable: z.boolean().default(false),
      because: z.string(),
    }),
  ),
})

/**
 * @throws Error for a file with an invalid format or an unknown keyword: a rule is never silently
 *   ignored.
 */
export function loadPixelRules(text: string): readonly PixelRule[] {
  return schema.parse(parse(text)).rules.map(({ name, when, risk, blankable }) => ({
    name,
    isAtRisk: risk,
    isBlankable: blankable,
    conditions: when,
  }))
}

const shipped = (name: string): readonly PixelRule[] =>
  loadPixelRules(readFileSync(new URL(`../../../config/${name}`, import.meta.url), 'utf8'))

export interface Risk {
  readonly isAtRisk: boolean
  /** The rule that decided, in readable form. */
  readonly because: string
  /** True only if every matching reason for risk can be removed by blanking. */
  readonly isBlankable: boolean
}

/**
 * Judges images by the rules of a file, which is read when the first image needs it. Recent results
 * are cached, because the images of a series are of the same kind.
 */
function judging(file: string): (read: ReadAttribute) => Risk {
  let judge: ReturnType<typeof judgeOf> | undefined
  return (read) => (judge ??= judgeOf(shipped(file), file))(read)
}

function judgeOf(rules: readonly PixelRule[], file: string): (read: ReadAttribute) => Risk {
  const tags = [...new Set(rules.flatMap(({ conditions }) => conditions.map(({ tag }) => tag)))]
  const judge = cached(
    (values: string) => riskOf(readerOf(tags, values), rules, file),
    KINDS,
    LONGEST,
  )
  return (read) => judge(tags.map(read).join(SEPARATOR))
}

const KINDS = 64
const LONGEST = 1000
/** A character that no value contains. */
const SEPARATOR = '\0'

function readerOf(tags: readonly number[], values: string): ReadAttribute {
  const each = values.split(SEPARATOR)
  const byTag = new Map(tags.map((tag, index) => [tag, each[index] ?? '']))
  return (tag) => byTag.get(tag) ?? ''
}

/**
 * Whether names may be burned in. The first rule that matches decides; without one the image is at
 * risk. Later matches also count for `isBlankable`, up to the first one that sees no risk.
 */
export function riskOf(read: ReadAttribute, rules: readonly PixelRule[], file: string): Risk {
  const fits = matcherOf(read)
  let because: string | undefined
  let reasons = 0
  let blankable = 0
  for (const { name, isAtRisk, isBlankable, conditions } of rules) {
    if (!fits(conditions)) continue
    because ??= `rule "${name}" of config/${file}`
    if (!isAtRisk) return { isAtRisk: reasons > 0, because, isBlankable: blankable === reasons }
    reasons += 1
    if (isBlankable) blankable += 1
  }
  because ??= `no rule of config/${file} knows images of this kind`
  return { isAtRisk: true, because, isBlankable: reasons > 0 && blankable === reasons }
}

/** Judges by the shipped rules. */
export const textRiskOf = judging('pixel-rules.yaml')
/** Whether a face is visible or could be reconstructed from the slices (PS3.15 E.3.2). */
export const faceRiskOf = judging('face-rules.yaml')
