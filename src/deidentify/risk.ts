/** Whether the pixels of an image may have names burned into them: by readable rules, see config/pixel-rules.yaml. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { tagOf } from './dictionary.js'

export interface PixelRule {
  readonly name: string
  readonly isAtRisk: boolean
  /** Every one must fit. */
  readonly conditions: readonly Condition[]
}

interface Condition {
  readonly tag: number
  /** One must fit one value. */
  readonly pattern: RegExp
}

/** The value of a top-level attribute as text, without padding; empty when it is absent. */
export type ReadAttribute = (tag: number) => string

const schema = z.strictObject({
  rules: z.array(
    z.strictObject({
      name: z.string(),
      when: z.record(z.string(), z.array(z.string()).nonempty()),
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
    conditions: Object.entries(when).map(([keyword, patterns]) => {
      const tag = tagOf(keyword)
      if (tag === undefined) throw new Error(`pixel rule "${name}": no attribute ${keyword}`)
      return { tag, pattern: new RegExp(`^(?:${patterns.map(toPattern).join('|')})$`, 'i') }
    }),
  }))
}

/** `*` needs a character at least, so that it does not fit what is absent. */
const toPattern = (text: string): string =>
  text
    .split('*')
    .map((part) => part.replace(/[\\^$.+?()[\]{}|/]/g, '\\$&'))
    .join(text === '*' ? '.+' : '.*')

const RULES = loadPixelRules(
  readFileSync(new URL('../../config/pixel-rules.yaml', import.meta.url), 'utf8'),
)

/** The first rule that fits decides; without one the image is at risk. */
export function arePixelsAtRisk(read: ReadAttribute, rules = RULES): boolean {
  const values = new Map<number, readonly string[]>()
  const valuesOf = (tag: number) => {
    const known = values.get(tag)
    if (known) return known
    const made = read(tag)
      .split('\\')
      .map((value) => value.trim())
    values.set(tag, made)
    return made
  }
  const fitting = rules.find(({ conditions }) =>
    conditions.every(({ tag, pattern }) => valuesOf(tag).some((value) => pattern.test(value))),
  )
  return fitting?.isAtRisk ?? true
}
