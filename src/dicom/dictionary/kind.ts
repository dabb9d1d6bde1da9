/** Classifies the value of an element by its VR: the one in PS3.6 and the one in the file. */
import { vrOf } from './dictionary.js'
import { type Element, TEXT_VRS } from '../elements/element.js'

export interface Kind {
  /** The VR in PS3.6, or the file's VR if PS3.6 does not list the tag. */
  readonly vr: string
  /** A number written as text: each value is compared as a whole. */
  readonly isNumber: boolean
  /** Free text entered by people: searched as text, in the character set of its data set. */
  readonly isWritten: boolean
  /** Parsed value by value (UI, DA, TM, DT). */
  readonly isSplit: boolean
  /** Decoded or split in one step. */
  readonly isText: boolean
  /**
   * Digits in a checked format rather than text: a number from the source can occur inside them by
   * coincidence.
   */
  readonly isFormed: boolean
}

const NUMBERS: ReadonlySet<string> = new Set(['AS', 'DS', 'IS'])
const FORMED: ReadonlySet<string> = new Set('AS DA DS DT IS TM UI'.split(' '))
const SPLIT: ReadonlySet<string> = new Set(['DA', 'DT', 'TM', 'UI'])
const WRITTEN: ReadonlySet<string> = new Set([...TEXT_VRS, 'CS', 'AE', 'UR', 'PN'])

const kinds = new Map<string, Map<string, Kind>>()

/** Cached per pair of VRs: there are only a few hundred pairs, and this runs for every value. */
export function kindOf({ tag, vr: own }: Pick<Element, 'tag' | 'vr'>): Kind {
  const vr = vrOf(tag) ?? own
  return kinds.get(vr)?.get(own) ?? newKind(vr, own)
}

function newKind(vr: string, own: string): Kind {
  const isWritten = WRITTEN.has(vr) || WRITTEN.has(own)
  const kind = {
    vr,
    isNumber: NUMBERS.has(vr),
    isWritten,
    isSplit: SPLIT.has(vr),
    isText: isWritten || SPLIT.has(vr),
    isFormed: FORMED.has(vr),
  }
  const byOwn = kinds.get(vr) ?? new Map<string, Kind>()
  kinds.set(vr, byOwn.set(own, kind))
  return kind
}
