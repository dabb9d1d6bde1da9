/**
 * Caches the results for elements of earlier slices. The slices of a series differ in only a few
 * elements, and the result for an element depends only on its bytes and on what a cache belongs to.
 * Each distinct element is therefore rewritten and searched only once. Kept only in memory, at most
 * a few hundred kilobytes per cache.
 */
import { partnerOf } from '../../dicom/dictionary/index.js'
import { type Element, type Encoding, findElement } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'
import type { Subject } from '../subject.js'
import type { UidPair } from './uid-pair.js'

export interface Outcome {
  /** The new element; `kept` means the source's own bytes, undefined that it was removed. */
  readonly bytes: Buffer | 'kept' | undefined
  readonly report: readonly ElementReport[]
  readonly uids: readonly UidPair[]
}

/** Longer elements are not cached, because they would displace many others. */
const MAX_ELEMENT = 4096
const MAX_BYTES = 0x40000
const CACHES = 16

/**
 * Results for top-level elements, under the same profile, secret, pseudonym, encoding, character
 * set and identifiers.
 */
export class OutcomeCache {
  readonly #outcomes = new Map<string, Outcome>()
  readonly #clean = new Set<string>()
  #size = 0

  outcomeOf(key: string): Outcome | undefined {
    return this.#outcomes.get(key)
  }

  keep(key: string, outcome: Outcome): void {
    this.#grow(2 * key.length)
    this.#outcomes.set(key, outcome)
  }

  /** Whether an output element with these bytes was already searched without a finding. */
  isClean(key: string): boolean {
    return this.#clean.has(key)
  }

  keepClean(key: string): void {
    this.#grow(key.length)
    this.#clean.add(key)
  }

  #grow(size: number): void {
    this.#size += size + ENTRY
    if (this.#size <= MAX_BYTES) return
    this.#outcomes.clear()
    this.#clean.clear()
    this.#size = size + ENTRY
  }
}

/** Approximate overhead of an entry beyond its bytes. */
const ENTRY = 128

type Owner = Pick<Subject, 'rules' | 'identifiers' | 'digestValue' | 'code' | 'shiftSeconds'>
type Caching = Owner & Pick<Subject, 'isRepeated'>

const caches: { readonly owner: Owner; readonly place: Place; readonly cache: OutcomeCache }[] = []

interface Place {
  readonly encoding: Encoding
  /** The value of Specific Character Set. */
  readonly characterSet: string | undefined
}

/**
 * Undefined for the first file that names these people, because most have no second one. Never
 * called for private elements that may stay, because those depend on their neighbours.
 */
export function cacheOf(owner: Caching, place: Place): OutcomeCache | undefined {
  if (!owner.isRepeated) return undefined
  const known = caches.find((one) => isSame(one.owner, owner) && isThere(one.place, place))
  if (known) return known.cache
  const { rules, identifiers, digestValue, code, shiftSeconds } = owner
  const made = {
    owner: { rules, identifiers, digestValue, code, shiftSeconds },
    place,
    cache: new OutcomeCache(),
  }
  caches.unshift(made)
  if (caches.length > CACHES) caches.pop()
  return made.cache
}

/**
 * The digest function is specific to the secret and, if the profile links studies only within a
 * transfer, to the transfer.
 */
const isSame = (one: Owner, other: Owner): boolean =>
  one.identifiers === other.identifiers &&
  one.digestValue === other.digestValue &&
  one.rules === other.rules &&
  one.code === other.code &&
  one.shiftSeconds === other.shiftSeconds

const isThere = (one: Place, other: Place): boolean =>
  one.encoding === other.encoding && one.characterSet === other.characterSet

/**
 * The bytes of a top-level element, together with those of the time or date that is shifted with
 * it; undefined when it is too long.
 */
export function keyOf(
  { tag, start, end, items }: Element,
  buffer: Buffer,
  elements: readonly Element[],
): string | undefined {
  if (end - start > MAX_ELEMENT) return undefined
  const key = buffer.toString('latin1', start, end)
  const beside = items ? undefined : partnerOf(tag)
  const partner = beside === undefined ? undefined : findElement(elements, beside)
  if (!partner) return key
  if (partner.end - partner.start > MAX_ELEMENT) return undefined
  return key + buffer.toString('latin1', partner.start, partner.end)
}
