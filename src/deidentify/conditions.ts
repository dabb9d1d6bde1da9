/** `when` of a rule about images: attributes by their keywords, and patterns of which one must fit one of the values. */
import { z } from 'zod'
import { tagOf } from './dictionary.js'

export interface Condition {
  readonly tag: number
  /** One must fit one value. */
  readonly pattern: RegExp
}

/** The value of a top-level attribute as text, without padding; empty when it is absent. */
export type ReadAttribute = (tag: number) => string

export const whenSchema = z.record(z.string(), z.array(z.string()).nonempty())

/** @throws Error for a keyword that does not exist: a condition is never left out in silence. */
export const conditionsOf = (
  rule: string,
  when: Readonly<Record<string, readonly string[]>>,
): readonly Condition[] =>
  Object.entries(when).map(([keyword, patterns]) => {
    const tag = tagOf(keyword)
    if (tag === undefined) throw new Error(`pixel rule "${rule}": no attribute ${keyword}`)
    return { tag, pattern: new RegExp(`^(?:${patterns.map(toPattern).join('|')})$`, 'i') }
  })

/** `*` needs a character at least, so that it does not fit what is absent. */
const toPattern = (text: string): string =>
  text
    .split('*')
    .map((part) => part.replace(/[\\^$.+?()[\]{}|/]/g, '\\$&'))
    .join(text === '*' ? '.+' : '.*')

/** Tells whether every condition of a rule fits; each attribute is read once for all rules. */
export function matcherOf(read: ReadAttribute) {
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
  return (conditions: readonly Condition[]): boolean =>
    conditions.every(({ tag, pattern }) => valuesOf(tag).some((value) => pattern.test(value)))
}
