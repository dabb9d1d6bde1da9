/**
 * Whether an image may show who the patient is: by readable rules, see config/pixel-rules.yaml and
 * config/face-rules.yaml.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { conditions, matcherOf, type Condition, type ReadAttribute } from './conditions.js'
import { remembered } from '../../lib/remembered.js'

export interface PixelRule {
  readonly name: string
  readonly isAtRisk: boolean
  /** Its text stands at places that a rule for blanking can know. */
  readonly isBlankable: boolean
  /** Every one must fit. */
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
 * @throws Error for a file that breaks the format, an unknown keyword included: rules are never
 * left out in silence.
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
  /** The rule that decides, as a person reads it. */
  readonly because: string
  /**
   * Every rule that speaks against the image says so: none is a reason that blanking leaves
   * standing.
   */
  readonly isBlankable: boolean
}

/**
 * The rules of a file, read when the first image asks. What they said of the last kinds of images
 * is remembered: the images of a series are of one.
 */
function judging(file: string): (read: ReadAttribute) => Risk {
  let judge: ReturnType<typeof judgeOf> | undefined
  return (read) => (judge ??= judgeOf(shipped(file), file))(read)
}

function judgeOf(rules: readonly PixelRule[], file: string): (read: ReadAttribute) => Risk {
  const tags = [...new Set(rules.flatMap(({ conditions }) => conditions.map(({ tag }) => tag)))]
  const judge = remembered(
    (values: string) => riskOf(readerOf(tags, values), rules, file),
    KINDS,
    LONGEST,
  )
  return (read) => judge(tags.map(read).join(SEPARATOR))
}

const KINDS = 64
const LONGEST = 1000
/** No value that is read holds one. */
const SEPARATOR = '\0'

function readerOf(tags: readonly number[], values: string): ReadAttribute {
  const each = values.split(SEPARATOR)
  const byTag = new Map(tags.map((tag, index) => [tag, each[index] ?? '']))
  return (tag) => byTag.get(tag) ?? ''
}

/**
 * Names may be burned in. The first rule that fits decides; without one the image is at risk. Rules
 * behind it count, too, up to the first that sees none.
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

/** By the rules that are shipped. */
export const textRiskOf = judging('pixel-rules.yaml')
/** Whether a face may be seen, or made from the slices (PS3.15 E.3.2). */
export const faceRiskOf = judging('face-rules.yaml')
