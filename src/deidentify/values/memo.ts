/**
 * What became of the elements of the slices before. The slices of a series are the same but for a
 * few elements, and what becomes of an element hangs on its bytes and on what a memo belongs to,
 * and on nothing else: so each is worked out, and searched, once for all slices that hold the same
 * bytes. In memory only, and a few hundred kilobytes each.
 */
import { partnerOf } from '../../dicom/dictionary/index.js'
import { type Element, type Encoding, findElement } from '../../dicom/elements/index.js'
import type { ElementReport } from '../contract.js'
import type { Subject } from '../subject.js'
import type { UidPair } from './uid-pair.js'

export interface Outcome {
  /** The element as it leaves; `kept` is the source's own bytes, undefined nothing. */
  readonly bytes: Buffer | 'kept' | undefined
  readonly report: readonly ElementReport[]
  readonly uids: readonly UidPair[]
}

/** Longer elements are worked out again: they would crowd out many others. */
const MAX_ELEMENT = 4096
const MAX_BYTES = 0x40000
const MEMOS = 16

/**
 * Of top-level elements, under one profile, secret, pseudonym, encoding and character set, and the
 * same identifiers.
 */
export class Memo {
  readonly #outcomes = new Map<string, Outcome>()
  readonly #clean = new Set<string>()
  #size = 0

  outcomeOf(key: string): Outcome | undefined {
    return this.#outcomes.get(key)
  }

  remember(key: string, outcome: Outcome): void {
    this.#grow(2 * key.length)
    this.#outcomes.set(key, outcome)
  }

  /**
   * Whether an element of the result with these bytes was searched before, and nothing was found.
   */
  isClean(key: string): boolean {
    return this.#clean.has(key)
  }

  rememberClean(key: string): void {
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

/** What an entry takes beside its bytes, or so. */
const ENTRY = 128

type Owner = Pick<Subject, 'rules' | 'identifiers' | 'digestValue' | 'code' | 'shiftSeconds'>
type Remembering = Owner & Pick<Subject, 'isRepeated'>

const memos: { readonly owner: Owner; readonly place: Place; readonly memo: Memo }[] = []

interface Place {
  readonly encoding: Encoding
  /** Specific Character Set as it stands. */
  readonly characterSet: string | undefined
}

/**
 * Undefined where nothing is to be remembered: for the first file that names these people, since
 * the most of them have no second. Private elements that may stay, which depends on their
 * neighbours, never ask.
 */
export function memoOf(owner: Remembering, place: Place): Memo | undefined {
  if (!owner.isRepeated) return undefined
  const known = memos.find((one) => isSame(one.owner, owner) && isThere(one.place, place))
  if (known) return known.memo
  const { rules, identifiers, digestValue, code, shiftSeconds } = owner
  const made = {
    owner: { rules, identifiers, digestValue, code, shiftSeconds },
    place,
    memo: new Memo(),
  }
  memos.unshift(made)
  if (memos.length > MEMOS) memos.pop()
  return made.memo
}

/** The digest stands for the secret, and for the transfer where the profile links no further. */
const isSame = (one: Owner, other: Owner): boolean =>
  one.identifiers === other.identifiers &&
  one.digestValue === other.digestValue &&
  one.rules === other.rules &&
  one.code === other.code &&
  one.shiftSeconds === other.shiftSeconds

const isThere = (one: Place, other: Place): boolean =>
  one.encoding === other.encoding && one.characterSet === other.characterSet

/**
 * The bytes of a top-level element, with those of the time or date that it moves with; undefined
 * when it is too long.
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
