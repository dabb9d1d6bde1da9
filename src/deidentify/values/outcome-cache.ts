/**
 * Caches the results for elements of earlier slices. The slices of a series differ in only a few
 * elements, and the result for an element depends only on its bytes and on what a cache belongs to.
 * Each distinct element is therefore rewritten and searched only once. Kept only in memory, at most
 * a few hundred kilobytes per cache.
 */
import { partnerOf } from '../../dicom/dictionary/index.js'
import type { Encoding } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'
import type { Subject } from '../subject.js'
import { ByElement } from './by-element.js'
import type { UidPair } from './uid-pair.js'

export interface Outcome {
  /** The new element; `kept` means the source's own bytes, undefined that it was removed. */
  readonly bytes: Buffer | 'kept' | undefined
  readonly report: readonly ElementReport[]
  readonly uids: readonly UidPair[]
}

const MAX_BYTES = 0x40000
const CACHES = 16

/**
 * Results for top-level elements, under the same profile, secret, pseudonym, encoding, character
 * set and identifiers.
 */
export class OutcomeCache {
  /** Dates and times depend on each other too. */
  readonly outcomes = new ByElement<Outcome>(MAX_BYTES / 2, partnerOf)
  /** Output elements that were already searched without a finding. */
  readonly clean = new ByElement<true>(MAX_BYTES / 2)
}

type Owner = Pick<Subject, 'rules' | 'identifiers' | 'digestValue' | 'code' | 'shiftSeconds'>
/** The most recently used first. */
const caches: { readonly owner: Owner; readonly place: Place; readonly cache: OutcomeCache }[] = []

interface Place {
  readonly encoding: Encoding
  /** The value of Specific Character Set. */
  readonly characterSet: string | undefined
}

/** Never used for private elements that may stay, because those depend on their neighbours. */
export function cacheOf(owner: Owner, place: Place): OutcomeCache {
  const before = caches.findIndex((one) => isSame(one.owner, owner) && isThere(one.place, place))
  const [known] = before < 0 ? [] : before === 0 ? caches : caches.splice(before, 1)
  if (known) {
    if (before > 0) caches.unshift(known)
    return known.cache
  }
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
