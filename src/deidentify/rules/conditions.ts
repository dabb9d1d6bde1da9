/**
 * `when` of a rule about images: attributes by keyword, each with patterns of which one must match
 * one of the values.
 */
import { z } from 'zod'
import { tagOf } from '../../dicom/dictionary/index.js'

/** Plain data, so that profiles with their own rules can be compared. */
export interface Condition {
  readonly tag: number
  /**
   * One pattern must match one value. Each is in lower case and split at its `*`: `*LOGIQ 9*` is
   * `['', 'logiq 9', '']`.
   */
  readonly patterns: readonly (readonly string[])[]
}

/** The value of a top-level attribute as text, without padding; empty when absent. */
export type ReadAttribute = (tag: number) => string

const MAX_CONDITIONS = 32
const pattern = z
  .string({ error: 'write a list of patterns in quotes; * stands for any characters' })
  .max(128, 'write at most 128 characters')
  .transform((text) => text.toLowerCase().split('*'))
const patterns = z
  .array(pattern, { error: 'write a list of patterns, such as ["*SIEMENS*"]' })
  .nonempty('write a pattern at least')
  .max(256, 'write at most 256 patterns')

/** An unknown keyword is an error: a condition is never silently ignored. */
export const conditions = z
  .record(z.string(), patterns, {
    error: 'write attributes by their keywords, and patterns: { Manufacturer: ["*SIEMENS*"] }',
  })
  .transform((when, context): readonly Condition[] => {
    const found = Object.entries(when).flatMap(([keyword, texts]) => {
      const tag = tagOf(keyword)
      if (tag !== undefined) return [{ tag, patterns: texts }]
      const message = 'write the keyword of an attribute from PS3.6, such as Manufacturer'
      context.addIssue({ code: 'custom', path: [keyword], message })
      return []
    })
    if (found.length > MAX_CONDITIONS)
      context.addIssue({ code: 'custom', message: `write at most ${MAX_CONDITIONS} attributes` })
    return found
  })

/**
 * Returns a function that tells whether all conditions of a rule match. Each attribute is read only
 * once for all rules.
 */
export function matcherOf(read: ReadAttribute) {
  const values = new Map<number, readonly string[]>()
  const valuesOf = (tag: number) => {
    const known = values.get(tag)
    if (known) return known
    const made = read(tag)
      .toLowerCase()
      .split('\\')
      .map((value) => value.trim())
    values.set(tag, made)
    return made
  }
  return (conditions: readonly Condition[]): boolean =>
    conditions.every(({ tag, patterns }) =>
      valuesOf(tag).some((value) => patterns.some((parts) => fits(parts, value))),
    )
}

/**
 * Matches each part at its first occurrence after the previous one. It never backtracks, so the
 * time is bounded for any value.
 */
function fits(parts: readonly string[], value: string): boolean {
  const [first = '', last] = [parts[0], parts.at(-1) ?? '']
  if (parts.length === 1) return value === first
  // A `*` alone requires at least one character, so that it does not match an absent attribute.
  if (parts.every((part) => part === '')) return value !== ''
  if (!value.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return value.length - last.length >= at && value.endsWith(last)
}
