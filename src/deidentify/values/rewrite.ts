/**
 * Rewrites a data set: elements that may stay are copied as ranges, changed ones are encoded again,
 * and the rest is left out.
 */
import { NocturneError } from '../../lib/errors.js'
import { decodeDefault } from '../../dicom/text/index.js'
import { tellsOfSubject } from '../rules/content-items.js'
import { hex } from '../../dicom/dictionary/index.js'
import {
  type Element,
  type Encoding,
  type Item,
  findElement,
  isOffsetTable,
} from '../../dicom/elements/index.js'
import { characterSetOf, decodeOf } from './character-set.js'
import { isCacheable } from './by-element.js'
import { cacheOf, type OutcomeCache } from './outcome-cache.js'
import type { Steps } from '../../lib/pace.js'
import { isDropped } from '../rules/drawn-text.js'
import type { Rule } from '../rules/rules.js'
import { safePrivateTags } from '../rules/safe-private.js'
import { isSmall, searchLarge } from '../search/search.js'
import type { Subject, TextMode } from '../subject.js'
import { keepOutcome, repeat, rewriteLeaf, rewriteSmall, ruleIn, type Rewritten } from './leaf.js'
import { report } from './report.js'
import { Output, addItem, addSequence, encodeHeader } from '../../dicom/write/index.js'
import type { Scope } from './scope.js'

/** The scope of the top level of the source. */
export function topScope(
  subject: Subject,
  buffer: Buffer,
  elements: readonly Element[],
  encoding: Encoding,
): Scope {
  const decode = decodeOf(elements, buffer) ?? decodeDefault
  const [mode, isOfSubject, path] = ['check', false, ''] as const
  return { subject, buffer, elements, encoding, decode, mode, isOfSubject, path }
}

/** Already encoded elements by tag; each replaces the source's own. */
export type Additions = ReadonlyMap<number, Buffer>

const NONE: Additions = new Map()

/**
 * The data set as it may be output, and the source elements that were changed or removed; both in
 * ascending order.
 *
 * @throws NocturneError `malformed` when a tag occurs twice, because different readers would then
 *   see different data.
 */
export function* rewriteDataset(
  scope: Scope,
  additions: Additions = NONE,
): Steps<{ output: Output; changed: readonly Element[] }> {
  const { subject, buffer, elements } = scope
  const cache =
    scope.path === ''
      ? cacheOf(subject, {
          encoding: scope.encoding,
          characterSet: characterSetOf(elements, buffer),
        })
      : undefined
  const rewriting: Rewriting = {
    scope,
    elements: inOrder(elements),
    at: 0,
    added: [...additions].sort(([a], [b]) => a - b),
    safe: subject.rules.keepsSafePrivate
      ? safePrivateTags(elements, buffer, subject.identifiers)
      : undefined,
    // The offset tables of an icon are removed with its pixels.
    keepsOffsets: subject.keepsOffsets && scope.path === '',
    cache,
    output: new Output(),
    changed: [],
  }
  while (rewriteRun(rewriting)) {
    const element = rewriting.elements[rewriting.at]
    if (element === undefined || isSmall(element)) {
      yield
      continue
    }
    take(rewriting, element, yield* rewriteLarge(scope, element, cache))
    if (subject.pace.isDue(2)) yield
  }
  const { output, added, changed } = rewriting
  while (added[0]) addNext(scope, output, added)
  return { output, changed }
}

/** One data set while it is rewritten. */
interface Rewriting {
  readonly scope: Scope
  /** In ascending order. */
  readonly elements: readonly Element[]
  /** The next element. */
  at: number
  /** Additions that are still to come. */
  readonly added: [number, Buffer][]
  /** Private elements that may stay. */
  readonly safe: ReadonlySet<number> | undefined
  readonly keepsOffsets: boolean
  readonly cache: OutcomeCache | undefined
  readonly output: Output
  readonly changed: Element[]
}

/**
 * Rewrites elements up to the next one that is rewritten in steps. A plain function, because most
 * elements are only a few bytes long and a generator would cost more than they do.
 *
 * @returns false at the end; otherwise whether such an element is next, or others must have a turn.
 */
function rewriteRun(rewriting: Rewriting): boolean {
  const { scope, elements, added, safe, keepsOffsets, cache, output, changed } = rewriting
  const { pace } = scope.subject
  for (;;) {
    const element = elements[rewriting.at]
    if (element === undefined) return false
    const { tag } = element
    while (added[0] && added[0][0] < tag) addNext(scope, output, added)
    if (added[0]?.[0] === tag) {
      changed.push(element)
      rewriting.at += 1
    } else if (safe?.has(tag) || (keepsOffsets && isOffsetTable(element))) {
      take(rewriting, element, element)
    } else if (isSmall(element)) {
      take(rewriting, element, rewriteSmall(scope, element, cache))
      if (pace.isDue(2)) return rewriting.at < elements.length
    } else {
      return true
    }
  }
}

/** Takes the result for the next element. */
function take(rewriting: Rewriting, element: Element, rewritten: Rewritten | Output): void {
  const { scope, output, changed } = rewriting
  rewriting.at += 1
  if (rewritten === element) {
    output.add(scope.buffer, element.start, element.end)
    return
  }
  changed.push(element)
  if (rewritten instanceof Output) output.addAll(rewritten)
  else if (Buffer.isBuffer(rewritten)) output.add(rewritten)
}

function* rewriteLarge(
  scope: Scope,
  element: Element,
  cache: OutcomeCache | undefined,
): Steps<Rewritten | Output> {
  if (cache === undefined || !isCacheable(element)) return yield* rewriteElement(scope, element)
  const known = cache.outcomes.find(element, scope.buffer, scope.elements)
  if (known) return repeat(scope, element, known)
  const before = [scope.subject.report.length, scope.subject.uids.length] as const
  const made = yield* rewriteElement(scope, element)
  const rewritten = made instanceof Output ? yield* made.toBuffer(scope.subject.pace) : made
  keepOutcome(scope, cache, element, before, rewritten)
  return rewritten
}

function addNext(scope: Scope, output: Output, added: [number, Buffer][]): void {
  const next = added.shift()
  if (!next) return
  const [tag, bytes] = next
  output.add(bytes)
  const was = findElement(scope.elements, tag)
  report(scope, tag, was ? 'replaced' : 'added', { reason: 'mark' }, was)
}

function inOrder(elements: readonly Element[]): readonly Element[] {
  if (isAscending(elements)) return elements
  const sorted = [...elements].sort((a, b) => a.tag - b.tag)
  if (sorted.some(({ tag }, index) => tag === sorted[index - 1]?.tag))
    throw new NocturneError('malformed')
  return sorted
}

function isAscending(elements: readonly Element[]): boolean {
  let last = -1
  for (const { tag } of elements) {
    if (tag <= last) return false
    last = tag
  }
  return true
}

function* rewriteElement(scope: Scope, element: Element): Steps<Rewritten | Output> {
  const rule = ruleIn(scope, element)
  if (element.items && rule.step !== 'remove')
    return yield* rewriteSequence(scope, element, element.items, rule)
  const isFound = rule.step === 'remove' ? undefined : yield* searchLarge(element, scope)
  return rewriteLeaf(scope, element, rule, isFound)
}

function* rewriteSequence(
  scope: Scope,
  element: Element,
  items: readonly Item[],
  rule: Rule,
): Steps<Element | Output | undefined> {
  const { tag, vr, undefinedLength, isIrregular = false } = element
  if (items.length === 0 && !isIrregular) return element
  const output = new Output()
  if (rule.step === 'empty') {
    report(scope, tag, 'emptied', rule, element)
    output.add(encodeHeader(tag, vr, 0, scope.encoding))
    return output
  }
  const { subject, buffer } = scope
  const mode = modeInside(scope, rule)
  const content = new Output()
  let isChanged = isIrregular
  let isKept = false
  for (const [index, item] of items.entries()) {
    if (subject.pace.isDue()) yield
    const { elements, encoding } = item
    if (elements.length === 0) {
      isKept = true
      if (isIrregular) addItem(content, new Output(), encoding, item.undefinedLength)
      else content.add(buffer, item.start, item.end)
      continue
    }
    const decode = decodeOf(elements, buffer) ?? scope.decode
    const isOfSubject = tellsOfSubject(tag, elements, buffer, subject.rules)
    const path = `${scope.path}${hex(tag)}[${index}].`
    const inside = { subject, buffer, elements, encoding, decode, mode, isOfSubject, path }
    const before = subject.report.length
    const rewritten = yield* rewriteDataset(inside)
    if (isDropped(tag, elements, rewritten.changed, path, subject.report.slice(before))) {
      isChanged = true
    } else if (rewritten.changed.length > 0 || isIrregular) {
      isKept = true
      isChanged = true
      addItem(content, rewritten.output, encoding, item.undefinedLength)
    } else {
      isKept = true
      content.add(buffer, item.start, item.end)
    }
  }
  if (!isChanged) return element
  if (!isKept) {
    report(scope, tag, 'removed', rule, element)
    return undefined
  }
  const itemEncoding = items[0]?.encoding ?? scope.encoding
  addSequence(output, { tag, vr, undefinedLength }, content, scope.encoding, itemEncoding)
  return output
}

/**
 * Inside a sequence that must be a dummy or cleaned, text that the table does not list must not be
 * kept unchanged either.
 */
function modeInside(scope: Scope, rule: Rule): TextMode {
  if (scope.mode === 'hide' || (scope.isOfSubject && rule.step === 'dummy')) return 'hide'
  if (rule.step === 'dummy') return scope.subject.cleansText ? 'clean' : 'scrub'
  if ((rule.step === 'clean' || rule.step === 'prose') && scope.mode === 'check') return 'clean'
  return scope.mode
}
