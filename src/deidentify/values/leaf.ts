/** Rewrites an element without items, or repeats the result for one with the same bytes. */
import type { Element } from '../../dicom/elements/index.js'
import { encodeElement } from '../../dicom/write/index.js'
import { SUBJECT_RULES } from '../rules/content-items.js'
import type { Rule } from '../rules/rules.js'
import type { Outcome, OutcomeCache } from './outcome-cache.js'
import { report } from './report.js'
import type { Scope } from './scope.js'
import { rewriteValue } from './value.js'

/** The same element if it is unchanged; undefined if it is removed. */
export type Rewritten = Element | Buffer | undefined

/** In one step, without a generator, because most elements are only a few bytes long. */
export function rewriteSmall(
  scope: Scope,
  element: Element,
  cache: OutcomeCache | undefined,
): Rewritten {
  if (cache === undefined) return rewriteValueOf(scope, element)
  const known = cache.outcomes.find(element, scope.buffer, scope.elements)
  if (known) return repeat(scope, element, known)
  const before = [scope.subject.report.length, scope.subject.uids.length] as const
  const rewritten = rewriteValueOf(scope, element)
  keepOutcome(scope, cache, element, before, rewritten)
  return rewritten
}

/** Repeats the earlier result for the same bytes. */
export function repeat({ subject }: Scope, element: Element, known: Outcome): Rewritten {
  for (const entry of known.report) subject.report.push(entry)
  for (const pair of known.uids) subject.uids.push(pair)
  return known.bytes === 'kept' ? element : known.bytes
}

export function keepOutcome(
  { subject, buffer, elements }: Scope,
  cache: OutcomeCache,
  element: Element,
  [reported, mapped]: readonly [number, number],
  rewritten: Rewritten,
): void {
  cache.outcomes.keep(element, buffer, elements, {
    bytes: rewritten === undefined || Buffer.isBuffer(rewritten) ? rewritten : 'kept',
    report: subject.report.slice(reported),
    uids: subject.uids.slice(mapped),
  })
}

function rewriteValueOf(scope: Scope, element: Element): Rewritten {
  return rewriteLeaf(scope, element, ruleIn(scope, element), undefined)
}

export const ruleIn = ({ subject, isOfSubject }: Scope, element: Element): Rule =>
  (isOfSubject ? SUBJECT_RULES.get(element.tag) : undefined) ?? subject.rules.ruleFor(element)

export function rewriteLeaf(
  scope: Scope,
  element: Element,
  rule: Rule,
  isFound: boolean | undefined,
): Rewritten {
  if (rule.step === 'remove') {
    report(scope, element.tag, 'removed', rule, element)
    return undefined
  }
  const value = rewriteValue(scope, element, rule, isFound)
  if (value === undefined) return element
  report(scope, element.tag, value.action, rule, element)
  if (value.action === 'removed') return undefined
  return encodeElement(element.tag, element.vr, value.bytes, scope.encoding)
}
